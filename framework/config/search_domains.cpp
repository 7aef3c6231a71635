#include "config/search_domains.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <queue>

#include "config/did_you_mean.h"
#include "config/scalar.h"

namespace dsnn::config {
namespace {

const std::vector<std::string>& options() {
  static const std::vector<std::string> keys = {"int", "float", "choice", "log", "step", "ordered", "default"};
  return keys;
}

/// Options of the language that come with the search engine.
std::string later_option(const std::string& key) {
  if (key == "prior")
    return "'prior' (a belief about good values) comes with the search engine; this build does not have it yet";
  if (key == "length")
    return "'length' (a list of parameters) comes with the search engine; this build does not have it yet";
  return "";
}

class Reader {
 public:
  Reader(const Node& search, std::vector<Diagnostic>& errors)
      : search_(search), errors_(errors), before_(errors.size()) {}

  std::optional<DomainText> read() {
    if (!search_.is_map())
      return fail(search_.place,
                  "'search' holds a domain like {int: [1, 4]}, or the name of a parameter; got " + describe(search_));
    out_.place = search_.place;
    for (const Entry& entry : search_.entries) take(entry);
    if (forms_ == 0 && errors_.size() == before_) {
      return fail(search_.place, "this domain has no values", "write int: [lo, hi], float: [lo, hi] or choice: [...]");
    }
    if (forms_ > 1) return fail(search_.place, "a domain is one of int, float and choice, not several");
    check_options();
    if (errors_.size() != before_) return std::nullopt;
    return out_;
  }

 private:
  std::nullopt_t fail(const Place& place, const std::string& message, const std::string& hint = "") {
    errors_.push_back(diagnostic_at(place, message, hint));
    return std::nullopt;
  }

  void take(const Entry& entry) {
    const std::string& key = entry.key;
    if (key == "int")
      form(DomainText::Form::integer, entry.value);
    else if (key == "float")
      form(DomainText::Form::real, entry.value);
    else if (key == "choice")
      form(DomainText::Form::choice, entry.value);
    else if (key == "log")
      out_.log = flag(entry);
    else if (key == "ordered")
      out_.ordered = flag(entry);
    else if (key == "default")
      out_.default_node = &entry.value;
    else if (key == "step")
      step(entry);
    else if (key == "search")
      fail(entry.place, "a declared parameter holds its domain directly, without 'search:'", "write {int: [1, 4]}");
    else if (const std::string later = later_option(key); !later.empty())
      fail(entry.place, later);
    else
      fail(entry.place, "unknown key '" + key + "' in a search domain", suggestion(key, options()));
  }

  void form(DomainText::Form form, const Node& values) {
    ++forms_;
    out_.form = form;
    out_.range = &values;
    if (form == DomainText::Form::choice) {
      if (!values.is_list())
        fail(values.place, "'choice' is a list of values, got " + describe(values));
      else if (values.items.empty())
        fail(values.place, "'choice' is empty", "list at least one value, or leave the search out");
      return;
    }
    if (!values.is_list() || values.items.size() != 2) {
      fail(values.place,
           "a range is [lo, hi], got " +
               (values.is_list() ? "a list of " + std::to_string(values.items.size()) : describe(values)));
      return;
    }
    check_range(form, values);
  }

  void check_range(DomainText::Form form, const Node& values) {
    const bool whole = form == DomainText::Form::integer;
    for (const Node& end : values.items) {
      const bool good = end.is_scalar() && !end.quoted &&
                        (whole ? read_integer(end.text).has_value() : read_number(end.text).has_value());
      if (!good) {
        fail(end.place, std::string("the ends of ") + (whole ? "an int" : "a float") + " range are " +
                            (whole ? "whole " : "") + "numbers, got " + describe(end));
        return;
      }
      if (whole && std::abs(*read_number(end.text)) > Domain::kMostSteps) {
        fail(end.place, "the ends of an int range lie within 10^12 of 0, got " + describe(end));
        return;
      }
    }
    const double lo = *read_number(values.items[0].text), hi = *read_number(values.items[1].text);
    if (!std::isfinite(hi - lo)) fail(values.place, "the range is wider than a number can say");
    if (lo > hi)
      fail(values.place, "the range is empty: its lower end " + values.items[0].text + " is above its upper end " +
                             values.items[1].text);
    if (lo == hi)
      fail(values.place, "the range holds one value, " + values.items[0].text, "write the value without a search");
  }

  bool flag(const Entry& entry) {
    const auto value = entry.value.is_scalar() && !entry.value.quoted ? read_boolean(entry.value.text) : std::nullopt;
    if (!value) fail(entry.value.place, "'" + entry.key + "' must be true or false, got " + describe(entry.value));
    return value.value_or(false);
  }

  void step(const Entry& entry) {
    const auto value = entry.value.is_scalar() && !entry.value.quoted ? read_number(entry.value.text) : std::nullopt;
    if (!value || *value <= 0)
      fail(entry.value.place, "'step' must be a number greater than 0, got " + describe(entry.value));
    else
      out_.step = value;
  }

  void check_options() {
    const bool choice = out_.form == DomainText::Form::choice;
    if (const Entry* log = search_.entry("log"); log != nullptr && choice)
      fail(log->place, "'log' belongs to int and float ranges, not to a choice");
    if (const Entry* step = search_.entry("step"); step != nullptr && choice)
      fail(step->place, "'step' belongs to int and float ranges, not to a choice");
    if (const Entry* ordered = search_.entry("ordered"); ordered != nullptr && !choice)
      fail(ordered->place, "'ordered' belongs to a choice; a range is ordered anyway");
    if (out_.log && out_.step) fail(search_.entry("step")->place, "'log' and 'step' exclude each other");
    if (errors_.size() != before_ || choice) return;
    const double lo = *read_number(out_.range->items[0].text);
    if (out_.log && lo <= 0) {
      fail(out_.range->items[0].place, "a log range starts above 0, got " + out_.range->items[0].text,
           "use a small number such as 1e-6");
    }
    if (out_.step && out_.form == DomainText::Form::integer && *out_.step != std::floor(*out_.step))
      fail(search_.find("step")->place, "the step of an int range is a whole number");
    const double farthest = std::max(std::abs(lo), std::abs(*read_number(out_.range->items[1].text)));
    if (out_.step && farthest > Domain::kMostSteps * *out_.step) {
      fail(search_.find("step")->place,
           "the step is too small for its range: the ends lie more than 10^12 steps from 0",
           "leave it out: the range is as good as continuous");
    }
  }

  const Node& search_;
  std::vector<Diagnostic>& errors_;
  size_t before_;
  DomainText out_;
  int forms_ = 0;
};

}  // namespace

bool ParameterSet::add(Parameter parameter, const std::vector<Use>& uses, const Place& place) {
  const auto [found, is_new] = all_.try_emplace(parameter.id);
  Entry& entry = found->second;
  if (is_new) {
    order_.push_back(parameter.id);
    entry.parameter = std::move(parameter);
    entry.place = place;
  } else if (entry.place.source != place.source || entry.place.line != place.line ||
             entry.place.column != place.column) {
    return false;
  }
  entry.use(uses);
  return true;
}

void ParameterSet::Entry::use(const std::vector<Use>& more) {
  if (more.empty()) always = true;
  for (const Use& one : more) {
    const auto touching = std::find_if(uses.rbegin(), uses.rend(), [&](const Use& known) {
      return known.parent == one.parent && one.first <= known.last + 1 && known.first <= one.last + 1;
    });
    if (touching == uses.rend()) {
      uses.push_back(one);
      continue;
    }
    touching->first = std::min(touching->first, one.first);
    touching->last = std::max(touching->last, one.last);
  }
}

void ParameterSet::lift(const std::string& parent, const std::vector<Use>& uses) {
  const Use all{.parent = parent, .first = 0, .last = find(parent)->domain.count() - 1};
  // Whoever uses the parent for itself was added after it.
  for (auto id = std::find(order_.rbegin(), order_.rend(), parent).base(); id != order_.end(); ++id) {
    Entry& entry = all_.find(*id)->second;
    const auto found = std::find(entry.uses.begin(), entry.uses.end(), all);
    if (found == entry.uses.end()) continue;
    entry.uses.erase(found);
    entry.use(uses);
  }
}

const Parameter* ParameterSet::find(const std::string& id) const {
  const auto found = all_.find(id);
  return found == all_.end() ? nullptr : &found->second.parameter;
}

bool ParameterSet::used_as(const std::string& id, const std::vector<Use>& uses) const {
  const Entry& entry = all_.find(id)->second;
  if (uses.empty()) return entry.always;
  const bool declared = id.starts_with("parameters.");
  return !declared && !entry.always && entry.uses == uses;
}

SearchSpace ParameterSet::build() const {
  std::map<std::string, std::vector<size_t>, std::less<>> children;  // by parent: places in the order of the file
  std::vector<size_t> missing(order_.size(), 0);                     // parents that are not there yet
  std::priority_queue<size_t, std::vector<size_t>, std::greater<>> ready;
  for (size_t i = 0; i < order_.size(); ++i) {
    const Entry& entry = all_.find(order_[i])->second;
    if (!entry.always) {
      for (const Use& use : entry.uses) children[use.parent].push_back(i);
      missing[i] = entry.uses.size();
    }
    if (missing[i] == 0) ready.push(i);
  }
  std::vector<Parameter> out;
  std::map<std::string, int, std::less<>> index;
  while (!ready.empty()) {
    const Entry& entry = all_.find(order_[ready.top()])->second;
    ready.pop();
    Parameter parameter = entry.parameter;
    if (!entry.always) {
      for (const Use& use : entry.uses)
        parameter.active_when.push_back(
            {.parent = index.find(use.parent)->second, .first = use.first, .last = use.last});
    }
    for (size_t child : children[parameter.id]) {
      if (--missing[child] == 0) ready.push(child);
    }
    index[parameter.id] = static_cast<int>(out.size());
    out.push_back(std::move(parameter));
  }
  DSNN_ASSERT(out.size() == order_.size());  // a choice cannot stand inside itself
  return SearchSpace(std::move(out));
}

std::optional<DomainText> read_domain(const Node& search, std::vector<Diagnostic>& errors) {
  return Reader(search, errors).read();
}

}  // namespace dsnn::config
