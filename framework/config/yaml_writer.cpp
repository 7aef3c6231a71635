#include "config/yaml_writer.h"

#include <algorithm>
#include <cctype>

#include "config/document.h"
#include "config/framework_schema.h"
#include "config/scalar.h"
#include "dsnn/error.h"
#include "dsnn/text.h"

namespace dsnn::config {
namespace {

constexpr size_t kCommentColumn = 56;

/// Text that YAML reads as itself, in flow and in block context.
bool is_plain(const std::string& text) {
  if (text.empty() || text.size() > 80) return false;
  const bool good = std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '.' || c == '/' || c == '+' || c == '-';
  });
  if (!good || text.front() == '-' || text.front() == '.') return false;
  Node node;
  node.kind = Node::Kind::scalar;
  node.text = text;
  static constexpr const char* kWords[] = {"null", "Null", "NULL", "~", "yes", "no", "on", "off", "y", "n"};
  if (std::any_of(std::begin(kWords), std::end(kWords), [&](const char* w) { return text == w; })) return false;
  return guess_scalar(node).is_string();
}

std::string flow(const Value& value) {
  if (value.is_list()) {
    std::string out = "[";
    for (const Value& item : value.items()) out += (out.size() > 1 ? ", " : "") + flow(item);
    return out + "]";
  }
  if (value.is_map()) {
    std::string out = "{";
    for (const auto& [key, member] : value.members())
      out += (out.size() > 1 ? ", " : "") + yaml_scalar(Value(key)) + ": " + flow(member);
    return out + "}";
  }
  return yaml_scalar(value);
}

bool is_simple(const Value& value) {
  if (value.is_map()) return value.size() == 0;
  if (!value.is_list()) return true;
  return std::all_of(value.items().begin(), value.items().end(),
                     [](const Value& v) { return !v.is_list() && !v.is_map(); });
}

/// The framework's field at a key path, or nullptr.
const FieldSpec* framework_field(const std::string& path) {
  const std::vector<FieldSpec>* fields = &framework_sections();
  size_t from = 0;
  while (true) {
    const size_t to = std::min(path.find('.', from), path.size());
    const FieldSpec* field = find_field(*fields, std::string_view(path).substr(from, to - from));
    if (field == nullptr || to == path.size()) return field;
    fields = &field->fields;
    from = to + 1;
  }
}

/// The unit that a duration or a size was stripped of when it was read.
std::string unit_of(const std::string& path) {
  const FieldSpec* field = framework_field(path);
  if (field == nullptr) return "";
  return field->type == FieldType::duration ? "s" : field->type == FieldType::size ? "B" : "";
}

class Writer {
 public:
  Writer(const ExperimentSpec& spec, bool with_origins) : spec_(spec), with_origins_(with_origins) {}

  std::string write() {
    for (const auto& [key, value] : spec_.tree.members()) {
      if (key == "evaluator") declare_shared();
      if (!value.is_null()) entry(key, value, key, 0);
    }
    return std::move(out_);
  }

 private:
  const Parameter& parameter(const std::string& id) const {
    const int index = spec_.space.index_of(id);
    DSNN_ASSERT(index >= 0);
    return spec_.space.parameters()[static_cast<size_t>(index)];
  }

  static bool is_shared(const std::string& id) { return id.starts_with("parameters."); }

  void line(int indent, const std::string& text, const std::string& path) {
    std::string made = std::string(static_cast<size_t>(indent), ' ') + text;
    if (with_origins_ && !path.empty()) {
      const auto found = spec_.origins.find(path);
      if (found != spec_.origins.end()) {
        made.resize(std::max(made.size() + 2, kCommentColumn), ' ');
        made += "# " + printable(to_string(found->second));
      }
    }
    out_ += made + "\n";
  }

  void declare_shared() {
    bool first = true;
    for (const Parameter& p : spec_.space.parameters()) {
      if (!is_shared(p.id)) continue;
      if (first) line(0, "parameters:", "");
      first = false;
      const Value* section = find_choice(spec_.tree, p.id);
      if (section == nullptr) {
        line(2, p.id.substr(11) + ": " + yaml_domain(p), "");
      } else {
        line(2, p.id.substr(11) + ":", "");
        choices(p, *section, p.id, 4);
      }
    }
  }

  static const Value* find_choice(const Value& node, const std::string& id) {
    if (node.is_list()) {
      for (const Value& item : node.items()) {
        if (const Value* found = find_choice(item, id)) return found;
      }
    }
    if (!node.is_map()) return nullptr;
    const Value* choice = node.find("$choice");
    if (choice != nullptr && choice->string() == id) return &node;
    for (const auto& [key, member] : node.members()) {
      if (const Value* found = find_choice(member, id)) return found;
    }
    return nullptr;
  }

  void entry(const std::string& key, const Value& value, const std::string& path, int indent) {
    const std::string name = yaml_scalar(Value(key)) + ":";
    if (const Value* id = value.find("$parameter")) {
      const bool shared = is_shared(id->string());
      return line(indent,
                  name + " {search: " + (shared ? id->string().substr(11) : yaml_domain(parameter(id->string()))) + "}",
                  path);
    }
    if (const Value* id = value.find("$choice")) {
      if (is_shared(id->string())) return line(indent, name + " {search: " + id->string().substr(11) + "}", path);
      line(indent, name, path);
      return search_section(value, id->string(), indent + 2);
    }
    if (is_simple(value)) return line(indent, name + " " + flow(value) + unit_of(path), path);
    line(indent, name, path);
    if (value.is_list())
      items(value, path, indent + 2);
    else
      members(value, path, indent + 2);
  }

  void members(const Value& map, const std::string& path, int indent) {
    for (const auto& [key, value] : map.members()) {
      if (!value.is_null()) entry(key, value, path + "." + key, indent);
    }
  }

  void items(const Value& list, const std::string& path, int indent) {
    for (size_t i = 0; i < list.size(); ++i) item(list.items()[i], "", path + "[" + std::to_string(i) + "]", indent);
  }

  /// One item of a list, its first key on the line of the dash.
  void item(const Value& value, const std::string& label, const std::string& path, int indent) {
    const size_t from = out_.size() + static_cast<size_t>(indent);
    if (!label.empty()) line(indent + 2, "label: " + yaml_scalar(Value(label)), "");
    if (value.find("$choice") != nullptr)
      search_section(value, value.at("$choice").string(), indent + 2);
    else if (value.find("$parameter") != nullptr)
      line(indent + 2, "search: " + yaml_domain(parameter(value.at("$parameter").string())), path);
    else if (value.is_map() && value.size() > 0)
      members(value, path, indent + 2);
    else
      line(indent + 2, flow(value), path);
    out_[from] = '-';
  }

  /// `search:` with its choices; keys that are one parameter in all choices stand beside it.
  void search_section(const Value& section, const std::string& id, int indent) {
    const Value* first =
        section.at("cases").members().empty() ? nullptr : &section.at("cases").members().front().second;
    if (first != nullptr && first->is_map()) {
      for (const auto& [key, value] : first->members()) {
        if (is_common(value, id, key)) entry(key, value, id + "." + key, indent);
      }
    }
    line(indent, "search:", "");
    choices(parameter(id), section, id, indent + 2);
  }

  static bool is_common(const Value& value, const std::string& id, const std::string& key) {
    const Value* own = value.find("$parameter") != nullptr ? value.find("$parameter") : value.find("$choice");
    return own != nullptr && own->string() == id + "." + key;
  }

  void choices(const Parameter& p, const Value& section, const std::string& id, int indent) {
    if (p.domain.ordered) line(indent, "ordered: true", "");
    line(indent, "default: " + yaml_scalar(p.default_value), "");
    line(indent, "choice:", "");
    for (const auto& [label, original] : section.at("cases").members()) {
      Value own = original;
      if (own.is_map()) {
        std::erase_if(own.members(), [&](const Value::Member& m) { return is_common(m.second, id, m.first); });
      }
      const Value* type = own.find("type");
      const bool needs_label = own.is_map() && (type == nullptr || !type->is_string() || type->string() != label);
      item(own, needs_label ? label : "", id + "." + label, indent + 2);
    }
  }

  const ExperimentSpec& spec_;
  bool with_origins_;
  std::string out_;
};

}  // namespace

std::string yaml_scalar(const Value& value) {
  if (value.is_null()) return "null";
  if (value.is_string() && is_plain(value.string())) return value.string();
  return to_json(value);  // JSON scalars are YAML
}

std::string yaml_domain(const Parameter& p) {
  const Domain& d = p.domain;
  std::string out = "{";
  if (d.type == Domain::Type::choice) {
    out += "choice: " + flow(Value(d.choices));
    if (d.ordered) out += ", ordered: true";
  } else {
    const bool whole = d.type == Domain::Type::integer;
    const auto end = [&](double v) {
      return whole ? yaml_scalar(Value(static_cast<int64_t>(v))) : yaml_scalar(Value(v));
    };
    out += (whole ? "int: [" : "float: [") + end(d.lo) + ", " + end(d.hi) + "]";
    if (d.log) out += ", log: true";
    if (d.step > 0) out += ", step: " + yaml_scalar(Value(d.step));
  }
  return out + ", default: " + flow(p.default_value) + "}";
}

std::string write_yaml(const ExperimentSpec& spec, bool with_origins) { return Writer(spec, with_origins).write(); }

}  // namespace dsnn::config
