#include "report/html.h"

#include "dsnn/error.h"
#include "report/data.h"
#include "report/page.h"
#include "store/store.h"

namespace dsnn::report {

void write_html(const std::filesystem::path& run_folder) {
  const auto store = store::open_sqlite(run_folder / "study.sqlite", store::Open::read_only);
  if (!store->study())
    throw ExitError(69, (run_folder / "study.sqlite").string() + " holds no study; nothing to report");
  Value data = report_data(run_folder, *store);
  const std::string title = data.at("study").at("name").string();
  write_page(run_folder / "report.html", {.kind = Page::Kind::report, .title = title, .data = std::move(data)});
}

}  // namespace dsnn::report
