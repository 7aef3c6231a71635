#include "report/page.h"

#include <fstream>

#include <string_view>

#include <openssl/evp.h>

#include "dsnn/error.h"
#include "store/file.h"

namespace dsnn::report {

extern const std::string_view kBaseScript;
extern const std::string_view kReportScript;
extern const std::string_view kIndexScript;
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
/// Every page of ours has it, and its title and style before it are short.
constexpr const char* kMark = "<main id=\"report\">";
constexpr size_t kMarkWithin = size_t{1} << 16;

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

std::string script_of(Page::Kind kind) {
  std::string out = "'use strict';\n(function () {\n";
  out += kBaseScript;
  out += kind == Page::Kind::report ? kReportScript : kIndexScript;
  return out + "})();\n";
}

}  // namespace

bool is_own_page(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string start(kMarkWithin, '\0');
  in.read(start.data(), static_cast<std::streamsize>(start.size()));
  return start.find(kMark) != std::string::npos;
}

void write_page(const std::filesystem::path& file, const Page& page) {
  const std::string script = script_of(page.kind);
  std::string html = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
  html +=
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data: blob:; style-src "
      "'unsafe-inline'; script-src " +
      policy_hash(script) + "\">\n";
  html += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" + escaped(page.title) +
          "</title>\n<style>";
  html += kReportStyle;
  html += "</style>\n</head>\n<body>\n";
  html += kMark;
  html +=
      "<noscript>This page draws itself with JavaScript; the trials.csv "
      "of each run holds the same numbers.</noscript></main>\n";
  html += "<script type=\"application/json\" id=\"data\">" + embedded(page.data) + "</script>\n<script>" + script;
  html += "</script>\n</body>\n</html>\n";
  store::write_file_atomically(file, html);
}

}  // namespace dsnn::report
