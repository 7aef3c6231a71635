#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

/// The constexpr schema builder. A component declares its keys once; the compiler writes them into the plugin's
/// manifest, and validation, defaults, `describe`, the JSON Schema and the docs all read that one declaration.
///
///     constexpr auto kSchema = dsnn::schema("sgd", "Stochastic gradient descent")
///         .number("momentum", {.value = 0.0, .min = 0.0, .max_exclusive = 1.0, .doc = "Momentum factor"})
///         .flag("nesterov", {.value = false, .doc = "Nesterov's look-ahead"});
namespace dsnn {

enum class FieldType { boolean, integer, number, string, choice, list, map, component, any, duration, size };
constexpr std::string_view name_of(FieldType type) {
  constexpr std::string_view names[] = {"bool", "int",       "float", "string",   "enum", "list",
                                        "map",  "component", "any",   "duration", "size"};
  return names[static_cast<size_t>(type)];
}

template <class T, size_t N>
struct FixedList {
  T items[N] = {};
  size_t count = 0;
  constexpr FixedList() = default;
  constexpr FixedList(std::initializer_list<T> list) {
    for (const T& item : list) items[count++] = item;
  }
  constexpr const T* begin() const { return items; }
  constexpr const T* end() const { return items + count; }
  constexpr bool empty() const { return count == 0; }
};
using Words = FixedList<std::string_view, 16>;

/// A default or bound that may be absent.
template <class T>
struct Maybe {
  T value{};
  bool set = false;
  constexpr Maybe() = default;
  constexpr Maybe(T v) : value(v), set(true) {}
  constexpr Maybe(const char* text) requires std::is_same_v<T, std::string_view> : value(text), set(true) {}
};

struct Field;

/// What a text, each text of a list, or each key of an open map stands for, so that the framework can check it against
/// what the experiment has and offer the nearest name:
///
///     folder, file       a path, relative to the file that holds it; `validate` refuses it when none is there
///     metric             any metric of the experiment
///     validation_metric  one that is measured on the validation part
///     direction          of a choice minimize | maximize: the better direction of the metric named beside it
///     parameters         keys are ids of searched parameters with a value each: a part of a configuration
///     axis               an axis of the matrix
///     budget             a key whose schema says `fidelity`
///     column             a new name, which must differ from every other column of the trial table
///     meter              analytic, measured, or a meter that this study records
///     device, country    auto | cpu | cuda | cuda:N; an ISO 3166 code
///     layers             roles or name globs of layers, checked when the network is converted
///     own                nothing else is looked up by it (the framework's `name`; versions)
inline constexpr std::string_view kNamed[] = {
    "folder", "file",  "metric", "validation_metric", "direction", "parameters", "axis", "budget",
    "column", "meter", "device", "country",           "layers",    "own"};
/// Bounds of a number, all of them optional.
struct Range {
  Maybe<double> min{}, max{}, min_exclusive{}, max_exclusive{};
};

/// What every field may say. `words`: keywords legal beside the type ("all" for an int).
/// `json`: the default as JSON text, for lists, maps, components and keywords.
struct BoolField {
  Maybe<bool> value{};
  bool required = false;
  bool nullable = false;
  std::string_view doc{};
  bool searchable = true;
};
struct IntField {
  Maybe<int64_t> value{};
  Maybe<int64_t> min{}, max{};
  /// At this value the section uses no other key of its own (components inside it stand for themselves): in a search
  /// they are inactive then, so that configurations which differ only there are one.
  Maybe<int64_t> off{};
  /// Of an operator: the number of a layer that this key sets, by its name in dsnn::Numeric ("weight_bits"). Of a cost
  /// model: the number that it charges for only while this key is above 0. Searching the one while the other is 0
  /// cannot move an analytic objective, and `validate` says so.
  std::string_view numeric{};
  bool required = false;
  bool nullable = false;
  Words words{};
  std::string_view json{};
  std::string_view unit{};
  std::string_view doc{};
  bool fidelity = false;
  bool searchable = true;
};
struct NumberField {
  Maybe<double> value{};
  Maybe<double> min{}, max{}, min_exclusive{}, max_exclusive{};
  bool required = false;
  bool nullable = false;
  Words words{};
  std::string_view json{};
  std::string_view unit{};
  std::string_view doc{};
  bool fidelity = false;
  bool searchable = true;
};
struct StringField {
  Maybe<std::string_view> value{};
  bool required = false;
  bool nullable = false;
  std::string_view names{};  ///< see kNamed
  std::string_view doc{};
  bool searchable = true;
};
struct ChoiceField {
  Words choices{};
  Maybe<std::string_view> value{};
  bool required = false;
  bool nullable = false;
  std::string_view names{};  ///< see kNamed
  /// At this choice what the section does depends on the budget: a trial cannot be continued at a larger one.
  std::string_view ends_with_budget{};
  std::string_view doc{};
  bool searchable = true;
};
/// `item`: the type of the elements; with `component` a list of components, with `fields` a list of maps. `min` and
/// `max` bound their number, `each` the value of every one of them; `ascending`: none is below the one before.
struct ListField {
  FieldType item = FieldType::any;
  std::string_view kind{};
  std::span<const Field> fields{};
  Maybe<double> min{}, max{};
  Range each{};
  bool ascending = false;
  std::string_view json{};
  bool required = false;
  bool nullable = false;
  std::string_view names{};  ///< see kNamed; of the items
  std::string_view doc{};
  bool searchable = true;
};
struct MapField {
  std::span<const Field> fields{};
  bool required = false;
  bool nullable = false;
  bool open = false;
  std::string_view json{};
  std::string_view names{};  ///< see kNamed; of the keys of an open map
  std::string_view doc{};
  bool searchable = true;
};
/// A section of its own `type:`. `json` = the default section ("{\"type\":\"constant\"}"); absent and not required =
/// the component that is default_for_kind, or nothing when `nullable`.
struct ComponentField {
  std::string_view kind{};
  bool required = false;
  bool nullable = false;
  std::string_view json{};
  std::string_view doc{};
  bool searchable = true;
};

/// One key of a section.
struct Field {
  std::string_view key{}, doc{}, unit{}, json{}, kind{}, numeric{}, names{}, ends_with_budget{};
  FieldType type = FieldType::any;
  FieldType item = FieldType::any;
  Maybe<bool> bool_default{};
  Maybe<int64_t> int_default{};
  Maybe<double> number_default{};
  Maybe<std::string_view> string_default{};
  Maybe<double> min{}, max{}, min_exclusive{}, max_exclusive{}, off{};
  Range each{};
  Words choices{}, words{};
  const Field* fields = nullptr;
  size_t field_count = 0;
  bool required = false, nullable = false, fidelity = false, searchable = true, open = false;
  bool ascending = false;
};

/// A metric a component provides: `quantity` without scope for tasks ("error"), whole names elsewhere
/// ("inference.energy_mj", "*.energy_kwh").
struct MetricDeclaration {
  std::string_view name{}, unit{}, better{};  ///< better: "lower", "higher" or "" (no direction)
  bool reproducible = true;                   ///< false: measured; differs from run to run
  bool known_before_training = false;
};

inline constexpr size_t kMaxFields = 40;
inline constexpr size_t kMaxMetrics = 32;

/// A literal value; every builder call returns a changed copy.
class Schema {
 public:
  constexpr Schema(std::string_view name, std::string_view summary) : name_(name), summary_(summary) {}

  constexpr Schema flag(std::string_view key, BoolField f) const {
    Field field{.key = key, .doc = f.doc, .type = FieldType::boolean};
    field.bool_default = f.value, field.required = f.required, field.nullable = f.nullable,
    field.searchable = f.searchable;
    return with(field);
  }
  constexpr Schema integer(std::string_view key, IntField f) const {
    Field field{.key = key, .doc = f.doc, .unit = f.unit, .json = f.json, .type = FieldType::integer};
    field.int_default = f.value, field.words = f.words, field.required = f.required, field.nullable = f.nullable;
    if (f.min.set) field.min = static_cast<double>(f.min.value);
    if (f.max.set) field.max = static_cast<double>(f.max.value);
    if (f.off.set) field.off = static_cast<double>(f.off.value);
    field.numeric = f.numeric;
    field.fidelity = f.fidelity, field.searchable = f.searchable;
    return with(field);
  }
  constexpr Schema number(std::string_view key, NumberField f) const {
    Field field{.key = key, .doc = f.doc, .unit = f.unit, .json = f.json, .type = FieldType::number};
    field.number_default = f.value, field.words = f.words, field.required = f.required, field.nullable = f.nullable;
    field.min = f.min, field.max = f.max, field.min_exclusive = f.min_exclusive, field.max_exclusive = f.max_exclusive;
    field.fidelity = f.fidelity, field.searchable = f.searchable;
    return with(field);
  }
  constexpr Schema text(std::string_view key, StringField f) const {
    Field field{.key = key, .doc = f.doc, .type = FieldType::string};
    field.string_default = f.value, field.required = f.required, field.nullable = f.nullable,
    field.searchable = f.searchable;
    field.names = f.names;
    return with(field);
  }
  constexpr Schema choice(std::string_view key, ChoiceField f) const {
    Field field{.key = key, .doc = f.doc, .type = FieldType::choice};
    field.choices = f.choices, field.string_default = f.value, field.required = f.required, field.nullable = f.nullable,
    field.searchable = f.searchable;
    field.names = f.names, field.ends_with_budget = f.ends_with_budget;
    return with(field);
  }
  constexpr Schema list(std::string_view key, ListField f) const {
    Field field{.key = key, .doc = f.doc, .json = f.json, .kind = f.kind, .type = FieldType::list, .item = f.item};
    field.fields = f.fields.data(), field.field_count = f.fields.size(), field.min = f.min, field.max = f.max;
    field.each = f.each, field.ascending = f.ascending;
    field.required = f.required, field.nullable = f.nullable, field.searchable = f.searchable;
    field.names = f.names;
    return with(field);
  }
  constexpr Schema map(std::string_view key, MapField f) const {
    Field field{.key = key, .doc = f.doc, .json = f.json, .type = FieldType::map};
    field.fields = f.fields.data(), field.field_count = f.fields.size(), field.open = f.open;
    field.required = f.required, field.nullable = f.nullable, field.searchable = f.searchable;
    field.names = f.names;
    return with(field);
  }
  constexpr Schema component(std::string_view key, ComponentField f) const {
    Field field{.key = key, .doc = f.doc, .json = f.json, .kind = f.kind, .type = FieldType::component};
    field.required = f.required, field.nullable = f.nullable, field.searchable = f.searchable;
    return with(field);
  }
  /// "8min", "2h", seconds as a float inside.
  constexpr Schema duration(std::string_view key, StringField f) const {
    Field field{.key = key, .doc = f.doc, .type = FieldType::duration};
    field.string_default = f.value, field.required = f.required, field.nullable = f.nullable,
    field.searchable = f.searchable;
    return with(field);
  }
  /// "4GiB", bytes as an int inside.
  constexpr Schema size(std::string_view key, StringField f) const {
    Field field{.key = key, .doc = f.doc, .type = FieldType::size};
    field.string_default = f.value, field.required = f.required, field.nullable = f.nullable,
    field.searchable = f.searchable;
    return with(field);
  }
  constexpr Schema metric(MetricDeclaration m) const {
    Schema copy = *this;
    copy.metrics_[copy.metric_count_++] = m;
    return copy;
  }

  constexpr std::string_view name() const { return name_; }
  constexpr std::string_view summary() const { return summary_; }
  constexpr std::span<const Field> fields() const { return {fields_, field_count_}; }
  constexpr std::span<const MetricDeclaration> metrics() const { return {metrics_, metric_count_}; }

 private:
  constexpr Schema with(const Field& field) const {
    Schema copy = *this;
    copy.fields_[copy.field_count_++] = field;  // past kMaxFields this is a compile error
    return copy;
  }

  std::string_view name_, summary_;
  Field fields_[kMaxFields] = {};
  size_t field_count_ = 0;
  MetricDeclaration metrics_[kMaxMetrics] = {};
  size_t metric_count_ = 0;
};

constexpr Schema schema(std::string_view name, std::string_view summary) { return Schema(name, summary); }

}  // namespace dsnn
