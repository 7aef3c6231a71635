#include "run_reader.h"

#include <algorithm>
#include <set>
#include <system_error>

#include "dsnn/error.h"
#include "progress.h"

namespace dsnn::cli {
namespace {

namespace fs = std::filesystem;

std::string shortest_ending(const std::string& id, const std::vector<std::string>& ids) {
  for (size_t dot = id.rfind('.'); dot != std::string::npos;
       dot = dot == 0 ? std::string::npos : id.rfind('.', dot - 1)) {
    const std::string ending = id.substr(dot + 1);
    const auto same = std::count_if(ids.begin(), ids.end(), [&](const std::string& other) {
      return other == ending || other.ends_with("." + ending);
    });
    if (same == 1) return ending;
  }
  return id;
}

}  // namespace

const store::TrialRecord* Run::find(int64_t number) const {
  const auto found =
      std::find_if(trials.begin(), trials.end(), [&](const auto& t) { return t.request.number == number; });
  return found == trials.end() ? nullptr : &*found;
}

Run open_run(const fs::path& path) {
  Run run;
  run.folder = path.filename() == "study.sqlite" ? path.parent_path() : path;
  if (!is_run(run.folder)) {
    throw ExitError(69, "no run in '" + run.folder.string() +
                            "': expected a folder with study.sqlite, such as runs/NAME; "
                            "'dsnn-run status DIR' lists the runs below a folder");
  }
  run.store = store::open_sqlite(run.folder / "study.sqlite", store::Open::read_only);
  auto study = run.store->study();
  if (!study)
    throw ExitError(69, "the store in '" + run.folder.string() + "' holds no study yet; start it with 'dsnn-run run'");
  run.study = std::move(*study);
  run.driver = store::RunLock::holder(run.folder);
  run.trials = run.store->trials();
  run.rule = study::front_rule(run.study, run.trials);
  if (!run.study.space.is_null()) run.space = SearchSpace::from_json(run.study.space);
  run.spec = config::ExperimentSpec::from_text(run.study.spec_json);
  run.front = study::front(run.trials, run.rule);
  run.knee = study::knee(run.trials, run.rule);
  return run;
}

std::vector<std::vector<std::string>> differences(const Configuration& mine, const Configuration& base) {
  std::set<std::string> ids;
  for (const auto* configuration : {&mine, &base}) {
    for (const auto& [id, value] : configuration->values) ids.insert(id);
  }
  std::vector<std::vector<std::string>> out;
  for (const std::string& id : ids) {
    const Value* a = mine.find(id);
    const Value* b = base.find(id);
    if (a && b && *a == *b) continue;
    out.push_back({id, a ? short_text(*a) : "", b ? short_text(*b) : ""});
  }
  return out;
}

std::vector<std::string> short_ids(const std::vector<std::string>& ids) {
  std::vector<std::string> out;
  for (const std::string& id : ids) out.push_back(shortest_ending(id, ids));
  return out;
}

std::string short_text(const Value& value) { return value.is_float() ? short_number(value.number()) : to_text(value); }

}  // namespace dsnn::cli
