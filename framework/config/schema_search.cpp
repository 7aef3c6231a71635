// The half of SchemaCheck that meets a `search`.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <set>

#include "config/did_you_mean.h"
#include "config/key_path.h"
#include "config/merge.h"
#include "config/scalar.h"
#include "config/schema_check.h"
#include "dsnn/text.h"

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

Value number(double x) { return x == std::floor(x) ? Value(static_cast<int64_t>(x)) : Value(x); }

/// Equal for values that a search space cannot tell apart: 1 and 1.0.
std::string canonical(const Value& value) {
  const bool whole = value.is_float() && std::abs(value.number()) < 0x1p53;
  return to_canonical_json(whole ? number(value.number()) : value);
}

std::string shown(double x) {
  char text[40];
  std::snprintf(text, sizeof text, "%.12g", x);
  return text;
}

Value marker(const std::string& id) {
  Value out = Value::map();
  out.set("$parameter", Value(id));
  return out;
}

}  // namespace

Value SchemaCheck::domain(const FieldSpec& field, const Node& node, const Context& inner) {
  const Entry& search = *node.entry("search");
  const Context context = shared(inner, search.scope);
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
  if (const Entry* type = common.entry("type"); type != nullptr && field.type == FieldType::component) {
    error(type->place, "'type' beside 'search': a section has one type, or a search over several",
          "add the type to the choices, or leave one of the two out");
    return {};
  }
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
  Parameter parameter;
  parameter.id = id;
  parameter.domain = {.type = Domain::Type::choice, .choices = {}, .ordered = text.ordered};
  const std::vector<Labelled> choices = labelled(text);
  for (const Labelled& choice : choices) parameter.domain.choices.emplace_back(choice.label);
  parameter.default_value = default_of_choice(field, text, parameter.domain);
  if (!add_parameter(std::move(parameter), context, text.place) || choices.empty()) return {};
  Value cases = Value::map();
  std::map<std::string, std::string> known;
  for (size_t number = 0; number < choices.size(); ++number) {
    const auto& [item, label] = choices[number];
    Node choice = field.type == FieldType::component ? long_form(*item) : *item;
    choice.erase("label");
    if (choice.is_map() && !common.entries.empty()) choice = with_common_keys(common, choice, scope);
    Context at = context;
    at.id = id + "." + label;
    at.uses = {{.parent = id, .first = static_cast<int64_t>(number), .last = static_cast<int64_t>(number)}};
    at.place = item->place;
    places_[at.id] = item->place;
    const Value section = value(field, choice, at);
    const auto [twin, is_new] = known.emplace(to_canonical_json(section), label);
    if (!is_new && !section.is_null())
      error(item->place, "the choices '" + twin->second + "' and '" + label + "' are the same",
            "leave one of them out");
    cases.set(label, section);
  }
  parameters_.lift(id, context.uses);
  Value out = Value::map();
  out.set("$choice", Value(id));
  out.set("cases", std::move(cases));
  return out;
}

std::vector<SchemaCheck::Labelled> SchemaCheck::labelled(const DomainText& text) {
  std::vector<Labelled> out;
  std::set<std::string> seen;
  for (const Node& item : text.range->items) {
    const std::string label = label_of(item);
    if (label.empty())
      error(item.place, "this choice has no name", "give it a 'label: NAME'");
    else if (find_control(label) != std::string::npos)
      error(item.place, "the name of this choice holds a control character", "give it a 'label: NAME'");
    else if (!seen.insert(label).second)
      error(item.place, "two choices are called '" + label + "'", "give one of them a 'label: NAME'");
    else
      out.push_back({&item, label});
  }
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
  Context plain = context;
  plain.forbidden = "search";
  Parameter parameter;
  parameter.id = id;
  parameter.domain = domain_of_value(field, text, plain);
  if (diagnostics_.errors() != errors_before) return {};
  parameter.default_value = default_of_value(field, text, parameter.domain, plain);
  if (diagnostics_.errors() != errors_before) return {};
  if (!field.numeric.empty()) numeric_keys_.push_back({.numeric = field.numeric, .id = id, .place = text.place});
  add_parameter(std::move(parameter), context, text.place);
  return marker(id);
}

Domain SchemaCheck::domain_of_value(const FieldSpec& field, const DomainText& text, const Context& context) {
  Domain domain;
  if (text.form == DomainText::Form::choice) {
    domain.type = Domain::Type::choice;
    domain.ordered = text.ordered;
    std::set<std::string> seen;
    for (const Node& item : text.range->items) {
      const int errors_before = diagnostics_.errors();
      domain.choices.push_back(value(field, item, context));
      if (diagnostics_.errors() == errors_before && !seen.insert(canonical(domain.choices.back())).second)
        error(item.place, "the choice " + describe(item) + " is repeated");
    }
    return domain;
  }
  domain.type = text.form == DomainText::Form::integer ? Domain::Type::integer : Domain::Type::real;
  const Value lo = value(field, text.range->items[0], context), hi = value(field, text.range->items[1], context);
  if (!lo.is_number() || !hi.is_number()) return domain;  // said
  domain.lo = lo.number(), domain.hi = hi.number();
  domain.log = text.log;
  domain.step = text.step.value_or(0);
  if (domain.step > domain.hi - domain.lo) {
    error(text.place, "the step is wider than the range");
  } else if (domain.step > 0) {
    const Value last = domain.value_of(domain.count() - 1);
    if (last.number() != domain.hi) {
      note(Severity::note, text.range->items[1].place,
           "the steps of this range end at " + shown(last.number()) + ", before its upper end " + shown(domain.hi));
    }
  }
  return domain;
}

/// As written, else the schema's where the domain holds it, else the first value; on a grid, exactly a value of it.
Value SchemaCheck::default_of_value(const FieldSpec& field, const DomainText& text, const Domain& domain,
                                    const Context& context) {
  const bool integer = domain.type == Domain::Type::integer;
  Value out = domain.type == Domain::Type::choice ? domain.choices.front()
              : integer                           ? Value(static_cast<int64_t>(domain.lo))
                                                  : Value(domain.lo);
  if (text.default_node != nullptr) {
    const int errors_before = diagnostics_.errors();
    out = value(field, *text.default_node, context);
    if (diagnostics_.errors() != errors_before) return out;
    if (!domain.contains(out)) return refuse_default(*text.default_node, domain, out);
  } else if (field.default_value && domain.contains(*field.default_value)) {
    out = *field.default_value;
  }
  const int64_t index = domain.index_of(out);
  if (index >= 0) return domain.value_of(index);
  return out.is_int() ? Value(out.number()) : out;
}

Value SchemaCheck::refuse_default(const Node& written, const Domain& domain, const Value& value) {
  const bool inside =
      domain.spacing() > 0 && value.is_number() && value.number() > domain.lo && value.number() < domain.hi;
  if (!inside) {
    error(written.place, "the default " + describe(written) + " lies outside the domain");
    return {};
  }
  const auto below = static_cast<int64_t>((value.number() - domain.lo) / domain.spacing());
  const bool last = below + 1 >= domain.count();
  error(written.place, "the default " + describe(written) + " lies between the steps of the domain",
        "choose " + shown(domain.value_of(std::min(below, domain.count() - 1)).number()) +
            (last ? "" : " or " + shown(domain.value_of(below + 1).number())));
  return {};
}

/// When the other keys of a section are in use: always when the section is, or only at those values of the searched key
/// `gate` that are not its `off`.
std::vector<Use> SchemaCheck::uses_behind(const FieldSpec& gate, const Value& value, const Context& section) const {
  const Value* id = value.is_map() ? value.find("$parameter") : nullptr;
  const Parameter* parameter = id == nullptr ? nullptr : parameters_.find(id->string());
  // A parameter that is used elsewhere too, or common to several choices, does not say that this section was taken.
  if (parameter == nullptr || parameter->id != child(section, gate.key).id) return section.uses;
  if (!parameters_.used_as(parameter->id, section.uses)) return section.uses;
  const int64_t count = parameter->domain.count(), off = parameter->domain.index_of(number(*gate.off));
  if (off < 0 || count == 1) return section.uses;
  std::vector<Use> out;
  if (off > 0) out.push_back({.parent = parameter->id, .first = 0, .last = off - 1});
  if (off + 1 < count) out.push_back({.parent = parameter->id, .first = off + 1, .last = count - 1});
  return out;
}

bool SchemaCheck::add_parameter(Parameter parameter, const Context& context, const Place& place) {
  const std::string id = parameter.id;
  if (parameters_.add(std::move(parameter), context.uses, place)) return true;
  error(place, "two parameters would be called '" + id + "'", "give a choice another 'label'");
  return false;
}

}  // namespace dsnn::config
