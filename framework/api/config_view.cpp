#include "dsnn/config_view.h"

namespace dsnn {
namespace {

std::string join(const std::string& path, std::string_view key) {
  if (path.empty()) return std::string(key);
  return path + "." + std::string(key);
}

/// A place in a file, or an option of the command line; not a default.
bool is_written(const SourceLocation& where) { return where.line > 0 || where.file == "--set"; }

/// The place of `path`, or of the nearest enclosing key that was written.
SourceLocation locate(const Origins& origins, std::string path) {
  while (true) {
    const auto found = origins.find(path);
    if (found != origins.end() && is_written(found->second)) return found->second;
    const size_t cut = path.find_last_of(".[");
    if (cut == std::string::npos) return found != origins.end() ? found->second : SourceLocation{};
    path.resize(cut);
  }
}

}  // namespace

ConfigView::ConfigView(const Value& section, std::string path, const Origins& origins)
    : section_(&section), path_(std::move(path)), origins_(&origins) {
  DSNN_ASSERT(section.is_map());
}

std::string ConfigView::type() const { return has("type") ? string("type") : std::string(); }

bool ConfigView::has(std::string_view key) const {
  const Value* found = section_->find(key);
  return found != nullptr && !found->is_null();
}

const Value& ConfigView::at(std::string_view key) const { return section_->at(key); }
bool ConfigView::boolean(std::string_view key) const { return at(key).boolean(); }
int64_t ConfigView::integer(std::string_view key) const { return at(key).integer(); }
double ConfigView::number(std::string_view key) const { return at(key).number(); }
std::string ConfigView::string(std::string_view key) const { return at(key).string(); }

std::vector<double> ConfigView::numbers(std::string_view key) const {
  std::vector<double> out;
  for (const Value& item : at(key).items()) out.push_back(item.number());
  return out;
}

std::vector<int64_t> ConfigView::integers(std::string_view key) const {
  std::vector<int64_t> out;
  for (const Value& item : at(key).items()) out.push_back(item.integer());
  return out;
}

std::vector<std::string> ConfigView::strings(std::string_view key) const {
  std::vector<std::string> out;
  for (const Value& item : at(key).items()) out.push_back(item.string());
  return out;
}

ConfigView ConfigView::section(std::string_view key) const { return ConfigView(at(key), join(path_, key), *origins_); }

std::vector<ConfigView> ConfigView::sections(std::string_view key) const {
  std::vector<ConfigView> out;
  size_t i = 0;
  for (const Value& item : at(key).items()) {
    out.emplace_back(item, join(path_, key) + "[" + std::to_string(i++) + "]", *origins_);
  }
  return out;
}

SourceLocation ConfigView::where(std::string_view key) const {
  return locate(*origins_, key.empty() ? path_ : join(path_, key));
}

void ConfigView::error(std::string_view key, const std::string& message, const std::string& hint) const {
  throw ConfigError(where(key), message, hint);
}

}  // namespace dsnn
