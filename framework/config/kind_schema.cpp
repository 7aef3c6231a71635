#include "config/kind_schema.h"

#include <array>
#include <stdexcept>

#include "dsnn/error.h"

namespace dsnn::config {
namespace {

constexpr auto kDataset =
    schema("dataset", "Keys of every data set")
        .text("root", {.nullable = true,
                       .names = "folder",
                       .doc = "Folder with the files; default: searched",
                       .searchable = false})
        .number("validation_fraction", {.value = 0.1,
                                        .min = 0.0,
                                        .max_exclusive = 1.0,
                                        .doc = "Part of the training files kept for validation",
                                        .searchable = false})
        .number("train_fraction", {.value = 1.0,
                                   .max = 1.0,
                                   .min_exclusive = 0.0,
                                   .doc = "Part of the rest that is trained on; smaller parts are inside larger ones",
                                   .fidelity = true})
        .list("transforms", {.item = FieldType::component,
                             .kind = "transform",
                             .json = "[{\"type\":\"normalize\"}]",
                             .doc = "Data augmentation and normalisation, in order"});

constexpr auto kLinear =
    schema("linear", "What happens to Linear layers")
        .flag("convert", {.value = true, .doc = "Convert them too"})
        .flag(
            "count",
            {.nullable = true,
             .doc =
                 "Count them in `depth`; default true, with deepshift_compat only in a network without convolutions"});

constexpr auto kOperator =
    schema("operator", "Keys of every operator")
        .list("layers", {.item = FieldType::string,
                         .nullable = true,
                         .names = "layers",
                         .doc = "Which layers: roles or name globs; default all convolutions and linears"})
        .list("overrides", {.item = FieldType::component,
                            .kind = "operator",
                            .json = "[]",
                            .doc = "Other operators for some layers; the first match wins"})
        .integer(
            "depth",
            {.min = 0, .off = 0, .words = {"all"}, .json = "\"all\"", .doc = "How many layers are converted; 0 = none"})
        .choice("depth_from", {.choices = {"output", "input"}, .value = "output", .doc = "The end `depth` counts from"})
        .map("linear", {.fields = kLinear.fields(), .doc = "What happens to Linear layers"});

constexpr auto kOverride = schema("override", "Keys of one override")
                               .list("layers", {.item = FieldType::string,
                                                .required = true,
                                                .names = "layers",
                                                .doc = "Which layers: roles or name globs"});

constexpr auto kOptimizer = schema("optimizer", "Keys of every optimiser")
                                .number("lr", {.value = 0.01, .min_exclusive = 0.0, .doc = "Learning rate"})
                                .number("lr_sign", {.min_exclusive = 0.0,
                                                    .nullable = true,
                                                    .doc = "Learning rate of the signs of shift weights; default lr"})
                                .number("weight_decay", {.value = 0.0, .min = 0.0, .doc = "Weight decay"});

constexpr std::array<std::string_view, kKindNames.size()> kFolders = {
    "evaluators",   "tasks",      "datasets",  "transforms", "backbones",
    "operators",    "optimizers", "schedules", "losses",     "fidelity_schedulers",
    "acquisitions", "surrogates", "meters",    "cost_models"};

std::vector<FieldSpec> own_fields(const plugin::ComponentInfo& component) {
  try {
    std::vector<FieldSpec> fields = fields_from_json(component.schema);
    for (const char* reserved : {"search", "run"}) {
      if (find_field(fields, reserved) == nullptr) continue;
      throw std::invalid_argument("'" + std::string(reserved) + "' is a reserved word of the experiment language");
    }
    return fields;
  } catch (const std::invalid_argument& e) {
    throw PluginError("the schema of " + schema_name(component.kind, component.name) + " cannot be read: " + e.what());
  }
}

void add_missing(std::vector<FieldSpec>& fields, const std::vector<FieldSpec>& more) {
  for (const FieldSpec& field : more) {
    if (find_field(fields, field.key) == nullptr) fields.push_back(field);
  }
}

}  // namespace

const std::vector<FieldSpec>& kind_fields(Kind kind) {
  static const std::vector<FieldSpec> none;
  static const std::vector<FieldSpec> dataset = fields_of(kDataset);
  static const std::vector<FieldSpec> op = fields_of(kOperator);
  static const std::vector<FieldSpec> optimizer = fields_of(kOptimizer);
  switch (kind) {
    case Kind::dataset:
      return dataset;
    case Kind::op:
      return op;
    case Kind::optimizer:
      return optimizer;
    default:
      return none;
  }
}

std::vector<FieldSpec> component_fields(const plugin::ComponentInfo& component) {
  std::vector<FieldSpec> fields = own_fields(component);
  add_missing(fields, kind_fields(component.kind));
  return fields;
}

std::vector<FieldSpec> override_fields(const plugin::ComponentInfo& component) {
  static const std::vector<FieldSpec> extra = fields_of(kOverride);
  std::vector<FieldSpec> fields = own_fields(component);
  add_missing(fields, extra);
  return fields;
}

std::string schema_name(Kind kind, const std::string& component) {
  return std::string(kFolders[static_cast<size_t>(kind)]) + "/" + component;
}

}  // namespace dsnn::config
