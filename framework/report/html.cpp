#include "report/html.h"

#include <string>
#include <string_view>

#include <openssl/evp.h>

#include "dsnn/error.h"
#include "report/data.h"
#include "store/file.h"
#include "store/store.h"

namespace dsnn::report {

extern const std::string_view kReportScript;
extern const std::string_view kReportStyle;

namespace {

/// "'sha256-<base64>'": lets exactly this inline text pass the content security policy.
std::string policy_hash(std::string_view text) {
  unsigned char digest[32];
  unsigned int size = 0;
  DSNN_ASSERT(EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha256(), nullptr) == 1);
  unsigned char base64[64] = {};
  EVP_EncodeBlock(base64, digest, static_cast<int>(size));
  return "'sha256-" + std::string(reinterpret_cast<const char*>(base64)) + "'";
}

/// JSON that cannot end its script element, whatever the strings hold.
std::string embedded(const Value& data) {
  std::string out;
  for (char ch : to_json(data)) {
    if (ch == '<') {
      out += "\\u003c";
    } else {
      out += ch;
    }
  }
  return out;
}

std::string escaped(const std::string& text) {
  std::string out;
  for (char ch : text) {
    switch (ch) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += ch;
    }
  }
  return out;
}

}  // namespace

void write_html(const std::filesystem::path& run_folder) {
  const auto store = store::open_sqlite(run_folder / "study.sqlite", store::Open::read_only);
  if (!store->study())
    throw ExitError(69, (run_folder / "study.sqlite").string() + " holds no study; nothing to report");
  const Value data = report_data(run_folder, *store);
  const std::string title = escaped(data.at("study").at("name").string());
  std::string html = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
  html +=
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data: blob:; style-src "
      "'unsafe-inline'; script-src " +
      policy_hash(kReportScript) + "\">\n";
  html +=
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" + title + "</title>\n<style>";
  html += kReportStyle;
  html +=
      "</style>\n</head>\n<body>\n<main id=\"report\"><noscript>This report draws itself with JavaScript; trials.csv "
      "beside it holds the same numbers.</noscript></main>\n";
  html += "<script type=\"application/json\" id=\"data\">" + embedded(data) + "</script>\n<script>";
  html += kReportScript;
  html += "</script>\n</body>\n</html>\n";
  store::write_file_atomically(run_folder / "report.html", html);
}

}  // namespace dsnn::report
