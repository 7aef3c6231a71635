#include <chrono>
#include <iostream>
#include <optional>
#include <system_error>
#include <thread>

#include <unistd.h>

#include "dsnn/error.h"
#include "print.h"
#include "run_status.h"
#include "verb.h"

namespace dsnn::cli {
namespace {

namespace fs = std::filesystem;
namespace po = boost::program_options;

constexpr auto kTerminalInterval = std::chrono::seconds(2);
constexpr auto kLineInterval = std::chrono::seconds(30);

struct Report {
  std::string text;
  bool alive = false;
};

Report report_one(const fs::path& path, bool json) {
  const RunStatus status = status_of(open_run(path));
  return {json ? to_json(to_value(status)) + "\n" : to_text(status), status.alive()};
}

Report report_folder(const fs::path& folder, bool json) {
  std::vector<RunStatus> all;
  std::string unreadable;
  Value list = Value::list();
  for (const fs::path& run : find_runs(folder)) {
    try {
      all.push_back(status_of(open_run(run)));
    } catch (const ExitError& e) {
      unreadable += run.string() + " cannot be read: " + e.what() + "\n";
      list.push_back(Value(Value::Map{{"folder", Value(run.string())}, {"error", Value(e.what())}}));
    }
  }
  Report out;
  for (const RunStatus& s : all) {
    out.alive = out.alive || s.alive();
    list.push_back(to_value(s));
  }
  if (json) {
    out.text = to_json(list) + "\n";
  } else {
    out.text = all.empty() && unreadable.empty() ? "no runs below " + folder.string() + "\n" : table_of(all);
    out.text += unreadable;
  }
  return out;
}

Report report(const fs::path& path, bool json) {
  std::error_code ignored;
  const bool is_folder_of_runs = fs::is_directory(path, ignored) && !is_run(path);
  return is_folder_of_runs ? report_folder(path, json) : report_one(path, json);
}

/// JSON is for programs: it has escapes of its own.
void show(const std::string& text, bool json) {
  if (json)
    std::cout << text << std::flush;
  else
    print(text);
}

/// Prints until nothing runs any more: in place on a terminal, elsewhere at most one report per 30 s.
void follow(const fs::path& path, bool json) {
  const bool in_place = ::isatty(STDOUT_FILENO) == 1 && !json;
  for (;;) {
    const Report now = report(path, json);
    if (in_place) std::cout << "\033[H\033[2J";
    show(now.text, json);
    if (!now.alive || !std::cout) return;
    const auto next = std::chrono::steady_clock::now() + (in_place ? kTerminalInterval : kLineInterval);
    while (std::chrono::steady_clock::now() < next && report(path, json).alive) {
      std::this_thread::sleep_for(std::chrono::seconds(1));
    }
  }
}

class StatusVerb : public Verb {
 public:
  std::string name() const override { return "status"; }
  std::string summary() const override { return "how a run stands, or a table of all runs below a folder"; }
  std::string synopsis() const override { return "status [RUN|DIR] [--follow] [--json]"; }
  std::string example() const override { return "dsnn-run status runs/fashion-mnist-pareto --follow"; }
  std::pair<int, int> positional() const override { return {0, 1}; }
  void add_options(po::options_description& options) const override {
    options.add_options()("follow", "repeat until it has ended")("json", "one JSON value instead of text");
  }

  int run(const po::variables_map& options, const std::vector<std::string>& arguments, const Global&) const override {
    const fs::path path = arguments.empty() ? "runs" : arguments.front();
    const bool json = options.count("json") > 0;
    if (options.count("follow") > 0) {
      follow(path, json);
    } else {
      show(report(path, json).text, json);
    }
    return 0;
  }
};

}  // namespace

std::unique_ptr<Verb> make_status_verb() { return std::make_unique<StatusVerb>(); }

}  // namespace dsnn::cli
