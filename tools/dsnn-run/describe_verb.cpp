
#include "config/kind_schema.h"
#include "field_text.h"
#include "kinds.h"
#include "plugin/program.h"
#include "print.h"
#include "table.h"
#include "verb.h"

namespace dsnn::cli {
namespace {

using Rows = std::vector<std::vector<std::string>>;

void add_rows(Rows& rows, const std::vector<config::FieldSpec>& fields, const std::string& prefix) {
  for (const config::FieldSpec& field : fields) {
    const std::string key = prefix + field.key;
    rows.push_back({key, type_text(field), default_text(field), bounds_text(field), field.unit,
                    field.doc + (field.fidelity ? " (may be a budget)" : "")});
    add_rows(rows, field.fields, key + (field.type == FieldType::list ? "[]." : "."));
  }
}

void print_fields(const std::string& title, const std::vector<config::FieldSpec>& fields) {
  if (fields.empty()) return;
  Rows rows = {{"key", "type", "default", "range", "unit", "meaning"}};
  add_rows(rows, fields, "");
  cli::print("\n" + title + "\n" + table(rows));
}

/// The keys of the kind that the component does not declare itself.
std::vector<config::FieldSpec> shared_fields(const plugin::ComponentInfo& component) {
  const std::vector<config::FieldSpec> own = config::fields_from_json(component.schema);
  std::vector<config::FieldSpec> shared;
  for (const config::FieldSpec& field : config::kind_fields(component.kind)) {
    if (config::find_field(own, field.key) == nullptr) shared.push_back(field);
  }
  return shared;
}

void print_metrics(const Value& metrics) {
  if (metrics.size() == 0) return;
  Rows rows = {{"metric", "unit", "better", "known"}};
  for (const Value& metric : metrics.items()) {
    const Value* unit = metric.find("unit");
    const Value* better = metric.find("better");
    const bool early = metric.at("static").boolean();
    rows.push_back({metric.at("name").string(), unit == nullptr ? "" : unit->string(),
                    better == nullptr ? "" : better->string(),
                    early                                 ? "before training"
                    : metric.at("reproducible").boolean() ? "after training"
                                                          : "after training, measured"});
  }
  cli::print("\nmetrics\n" + table(rows));
}

std::string needs(const plugin::ComponentInfo& component) {
  std::string text = component.needs_torch ? "LibTorch " + component.plugin->build.torch : "";
  if (component.needs_cuda) text += text.empty() ? "a CUDA device" : ", a CUDA device";
  return text;
}

class DescribeVerb : public Verb {
 public:
  std::string name() const override { return "describe"; }
  std::string summary() const override { return "keys, defaults and metrics of one component"; }
  std::string synopsis() const override { return "describe KIND NAME"; }
  std::string example() const override { return "dsnn-run describe operator deepshift"; }
  std::pair<int, int> positional() const override { return {2, 2}; }

  int run(const boost::program_options::variables_map&, const std::vector<std::string>& arguments,
          const Global& global) const override {
    const Kind kind = kind_of_word(arguments[0]);
    const plugin::ComponentInfo& component = component_of(global.catalog(), kind, arguments[1]);
    cli::print(std::string(name_of(kind)) + " '" + component.name + "': " + component.summary + "\n");
    Rows facts;
    if (!component.note.empty()) facts.push_back({"note", component.note});
    facts.push_back(
        {"plugin", component.plugin->name + " " + component.plugin->version + ", " + component.plugin->licence});
    facts.push_back({"file", plugin::shown(component.plugin->path)});
    if (const std::string text = needs(component); !text.empty()) facts.push_back({"needs", text});
    if (component.default_for_kind) facts.push_back({"default", "taken when an experiment leaves the section out"});
    cli::print(table(facts));
    print_fields("keys", config::fields_from_json(component.schema));
    print_fields("keys of every " + std::string(name_of(kind)), shared_fields(component));
    if (component.sections.is_list()) {
      print_fields("sections it adds to an experiment", config::fields_from_json(component.sections));
    }
    print_metrics(component.metrics);
    return 0;
  }
};

}  // namespace

std::unique_ptr<Verb> make_describe_verb() { return std::make_unique<DescribeVerb>(); }

}  // namespace dsnn::cli
