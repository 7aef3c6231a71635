// The half of SchemaCheck that meets a `search`.
#include <algorithm>

#include "config/did_you_mean.h"
#include "config/key_path.h"
#include "config/merge.h"
#include "config/scalar.h"
#include "config/schema_check.h"

namespace dsnn::config {
namespace {

bool is_section_field(const FieldSpec& field) {
  return field.type == FieldType::component || field.type == FieldType::map || field.type == FieldType::list;
}

bool has_compound_choices(const DomainText& text) {
  return text.form == DomainText::Form::choice && std::any_of(text.range->items.begin(), text.range->items.end(),
                                                              [](const Node& n) { return n.is_map() || n.is_list(); });
}

const char* form_name(DomainText::Form form) {
  switch (form) {
    case DomainText::Form::integer:
      return "int";
    case DomainText::Form::real:
      return "float";
    default:
      return "choice";
  }
}

Value marker(const std::string& id) {
  Value out = Value::map();
  out.set("$parameter", Value(id));
  return out;
}

}  // namespace

Value SchemaCheck::domain(const FieldSpec& field, const Node& node, const Context& context) {
  const Entry& search = *node.entry("search");
  if (!context.forbidden.empty()) {
    error(search.place, "a search domain cannot stand under '" + context.forbidden + "'", "give one value");
    return {};
  }
  if (!field.searchable) {
    error(search.place, "'" + field.key + "' cannot be searched", "give one value");
    return {};
  }
  std::string id = context.id;
  const Node* written = &search.value;
  if (written->is_scalar()) {
    const std::string name = written->text;
    written = declared_ == nullptr ? nullptr : declared_->find(name);
    if (written == nullptr) {
      std::vector<std::string> names;
      if (declared_ != nullptr) {
        for (const Entry& entry : declared_->entries) names.push_back(entry.key);
      }
      const std::string hint = suggestion(name, names);
      error(search.value.place, "no parameter '" + name + "' is declared",
            hint.empty() ? "declare it under 'parameters', or write a domain in place" : hint);
      return {};
    }
    used_parameters_.insert(name);
    id = "parameters." + name;
  }
  std::vector<Diagnostic> errors;
  const auto text = read_domain(*written, errors);
  for (Diagnostic& found : errors) diagnostics_.add(std::move(found));
  Node common = node;
  common.erase("search");
  if (!text) return {};
  if (!is_section_field(field) && !common.entries.empty()) {
    const Entry& first = common.entries.front();
    error(first.place, "unknown key '" + first.key + "' beside 'search'",
          "options such as log and default stand inside: search: {float: [1e-3, 1], log: true}");
    return {};
  }
  if (is_section_field(field) || has_compound_choices(*text)) return choose_section(field, common, *text, id, context);
  return choose_value(field, *text, id, context);
}

Value SchemaCheck::choose_section(const FieldSpec& field, const Node& common, const DomainText& text,
                                  const std::string& id, const Context& context) {
  if (text.form != DomainText::Form::choice) {
    error(text.place,
          "'" + field.key + "' can only be searched by a choice of whole sections, not by " + form_name(text.form));
    return {};
  }
  scopes_.push_back(context);
  const int scope = static_cast<int>(scopes_.size()) - 1;
  const size_t dot = context.plain.rfind('.');
  const std::string key = dot == std::string::npos ? context.plain : context.plain.substr(dot + 1);
  Parameter parameter;
  parameter.id = id;
  parameter.domain = {.type = Domain::Type::choice, .choices = {}, .ordered = text.ordered};
  Value cases = Value::map();
  std::vector<std::pair<const Node*, std::string>> labelled;
  for (const Node& item : text.range->items) {
    const std::string label = label_of(item);
    const bool repeated =
        std::any_of(labelled.begin(), labelled.end(), [&](const auto& l) { return l.second == label; });
    if (label.empty())
      error(item.place, "this choice has no name", "give it a 'label: NAME'");
    else if (repeated)
      error(item.place, "two choices are called '" + label + "'", "give one of them a 'label: NAME'");
    else
      labelled.emplace_back(&item, label);
  }
  for (const auto& [item, label] : labelled) parameter.domain.choices.emplace_back(label);
  parameter.default_value = default_of_choice(field, text, parameter.domain);
  add_parameter(parameter, context, text.place);
  int number = 0;
  for (const auto& [item, label] : labelled) {
    Node choice = field.type == FieldType::component ? long_form(*item) : *item;
    choice.erase("label");
    if (choice.is_map() && !common.entries.empty()) choice = with_common_keys(common, choice, key, scope);
    Context at = context;
    at.id = id + "." + label;
    at.uses = {{.parent = id, .choice = number++}};
    at.place = item->place;
    places_[at.id] = item->place;
    cases.set(label, value(field, choice, at));
  }
  Value out = Value::map();
  out.set("$choice", Value(id));
  out.set("cases", std::move(cases));
  return out;
}

Value SchemaCheck::default_of_choice(const FieldSpec& field, const DomainText& text, const Domain& domain) {
  if (domain.choices.empty()) return {};
  if (text.default_node != nullptr) {
    const std::string label = label_of(*text.default_node);
    if (domain.contains(Value(label))) return Value(label);
    std::vector<std::string> labels;
    for (const Value& choice : domain.choices) labels.push_back(choice.string());
    error(text.default_node->place, "the default '" + label + "' is none of the choices", suggestion(label, labels));
    return domain.choices.front();
  }
  const Value* type = field.default_value ? field.default_value->find("type") : nullptr;
  if (type != nullptr && domain.contains(*type)) return *type;
  return domain.choices.front();
}

Value SchemaCheck::choose_value(const FieldSpec& field, const DomainText& text, const std::string& id,
                                const Context& context) {
  const bool numeric =
      field.type == FieldType::integer || field.type == FieldType::number || field.type == FieldType::any;
  const bool mismatch = (text.form != DomainText::Form::choice && !numeric) ||
                        (text.form == DomainText::Form::real && field.type == FieldType::integer);
  if (mismatch) {
    error(text.place,
          "'" + field.key + "' is " + (field.type == FieldType::integer ? "a whole number" : "no number") + ": " +
              form_name(text.form) + " ranges do not suit it",
          field.type == FieldType::integer ? "write int: [lo, hi]" : "write choice: [...]");
    return {};
  }
  const int errors_before = diagnostics_.errors();
  Parameter parameter;
  parameter.id = id;
  Domain& domain = parameter.domain;
  Context plain = context;
  plain.forbidden = "search";
  if (text.form == DomainText::Form::choice) {
    domain.type = Domain::Type::choice;
    domain.ordered = text.ordered;
    for (const Node& item : text.range->items) {
      const Value choice = value(field, item, plain);
      if (std::find(domain.choices.begin(), domain.choices.end(), choice) != domain.choices.end() &&
          diagnostics_.errors() == errors_before) {
        error(item.place, "the choice " + describe(item) + " is repeated");
      }
      domain.choices.push_back(choice);
    }
  } else {
    domain.type = text.form == DomainText::Form::integer ? Domain::Type::integer : Domain::Type::real;
    const Value lo = value(field, text.range->items[0], plain), hi = value(field, text.range->items[1], plain);
    if (!lo.is_number() || !hi.is_number()) return {};
    domain.lo = lo.number(), domain.hi = hi.number();
    domain.log = text.log;
    domain.step = text.step.value_or(0);
    if (domain.step > domain.hi - domain.lo) error(text.place, "the step is wider than the range");
  }
  if (diagnostics_.errors() != errors_before) return {};
  if (text.default_node != nullptr) {
    parameter.default_value = value(field, *text.default_node, plain);
    if (diagnostics_.errors() == errors_before && !domain.contains(parameter.default_value)) {
      error(text.default_node->place, "the default " + describe(*text.default_node) + " lies outside the domain");
    }
  } else if (field.default_value && domain.contains(*field.default_value)) {
    parameter.default_value = *field.default_value;
  } else if (domain.type == Domain::Type::choice) {
    parameter.default_value = domain.choices.front();
  } else {
    parameter.default_value =
        domain.type == Domain::Type::integer ? Value(static_cast<int64_t>(domain.lo)) : Value(domain.lo);
  }
  if (domain.type == Domain::Type::real && parameter.default_value.is_int())
    parameter.default_value = Value(parameter.default_value.number());
  if (domain.type == Domain::Type::integer && parameter.default_value.is_float()) {
    parameter.default_value = Value(static_cast<int64_t>(parameter.default_value.number()));
  }
  if (!field.numeric.empty()) numeric_keys_.push_back({.numeric = field.numeric, .id = id, .place = text.place});
  add_parameter(std::move(parameter), context, text.place);
  return marker(id);
}

/// When the other keys of a section are in use: always when the section is, or only at those values of the searched key
/// `gate` that are not its `off`.
std::vector<Use> SchemaCheck::uses_behind(const FieldSpec& gate, const Value& value, const Context& section) const {
  const Value* id = value.is_map() ? value.find("$parameter") : nullptr;
  const Parameter* parameter = id == nullptr ? nullptr : parameters_.find(id->string());
  // A parameter that is used elsewhere too does not say that this section was taken.
  if (parameter == nullptr || !parameters_.used_as(parameter->id, section.uses)) return section.uses;
  std::vector<Use> out;
  bool can_be_off = false;
  for (int64_t i = 0; i < parameter->domain.count(); ++i) {
    const Value at = parameter->domain.value_of(i);
    if (at.is_number() && at.number() == *gate.off) {
      can_be_off = true;
    } else {
      out.push_back({.parent = parameter->id, .choice = static_cast<int>(i)});
    }
  }
  return can_be_off && !out.empty() ? out : section.uses;
}

void SchemaCheck::add_parameter(Parameter parameter, const Context& context, const Place& place) {
  const std::string id = parameter.id;
  if (!parameters_.add(std::move(parameter), context.uses, place)) {
    error(place, "two parameters would be called '" + id + "'", "give a choice another 'label'");
  }
}

}  // namespace dsnn::config
