#include <iostream>

#include "dsnn/error.h"
#include "dsnn/log.h"
#include "report/html.h"
#include "report/index.h"
#include "run_reader.h"
#include "verb.h"

namespace dsnn::cli {
namespace {

class ReportVerb : public Verb {
 public:
  std::string name() const override { return "report"; }
  std::string summary() const override { return "write the HTML report of a run, or the page of all runs below DIR"; }
  std::string synopsis() const override { return "report RUN|DIR"; }
  std::string example() const override { return "dsnn-run report runs/quickstart"; }
  std::pair<int, int> positional() const override { return {1, 1}; }

  int run(const boost::program_options::variables_map&, const std::vector<std::string>& arguments,
          const Global&) const override {
    const std::filesystem::path folder = arguments.front();
    if (is_run(folder)) {
      report::write_html(folder);
      std::cout << (folder / "report.html").string() << '\n';
      return 0;
    }
    const std::vector<std::filesystem::path> runs = find_runs(folder);
    if (runs.empty()) {
      throw ExitError(65, "'" + folder.string() +
                              "' is no run folder: it holds no study.sqlite, nor does a folder below it. Expected a "
                              "folder that `dsnn-run run` made, such as runs/NAME.");
    }
    for (const std::filesystem::path& run : runs) {
      try {
        report::write_html(run);
      } catch (const ExitError& e) {
        log(LogLevel::warning, run.string() + " has no report: " + e.what());
      }
    }
    report::write_index(folder, runs);
    std::cout << (folder / "index.html").string() << '\n';
    return 0;
  }
};

}  // namespace

std::unique_ptr<Verb> make_report_verb() { return std::make_unique<ReportVerb>(); }

}  // namespace dsnn::cli
