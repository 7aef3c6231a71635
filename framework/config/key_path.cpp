#include "config/key_path.h"

#include <algorithm>

#include "config/did_you_mean.h"
#include "config/merge.h"
#include "config/scalar.h"

namespace dsnn::config {
namespace {

struct Step {
  std::string key;
  std::optional<std::string> item;  ///< "[energy]" or "[0]"
};

std::vector<Step> split_path(const std::string& path, const Place& place) {
  std::vector<Step> steps;
  size_t from = 0;
  while (from <= path.size()) {
    const size_t to = std::min(path.find('.', from), path.size());
    Step step{.key = path.substr(from, to - from), .item = std::nullopt};
    const size_t open = step.key.find('[');
    if (open != std::string::npos && step.key.ends_with(']')) {
      step.item = step.key.substr(open + 1, step.key.size() - open - 2);
      step.key.resize(open);
    }
    if (step.key.empty())
      throw ConfigError({diagnostic_at(place, "'" + path + "' is no key path", "write it as section.key")});
    steps.push_back(std::move(step));
    if (steps.size() > static_cast<size_t>(kMaxDepth)) {
      throw ConfigError({diagnostic_at(place, "a key path has more than 64 parts")}, 78);
    }
    from = to + 1;
  }
  return steps;
}

/// What an item of a list is called: "energy" of {name: energy, metric: ...}.
std::string name_of_item(const Node& item) {
  const Node* name = item.find("name");
  return name != nullptr && name->is_scalar() ? name->text : label_of(item);
}

/// The alternative `label` of a searched section, or nullptr.
const Node* alternative(const Node& section, const std::string& label) {
  const Node* search = section.find("search");
  const Node* choices = search == nullptr ? nullptr : search->find("choice");
  if (choices == nullptr || !choices->is_list()) return nullptr;
  const auto found = std::find_if(choices->items.begin(), choices->items.end(),
                                  [&](const Node& choice) { return label_of(choice) == label; });
  return found == choices->items.end() ? nullptr : &*found;
}

/// The item of that name, or of that number.
const Node* find_item(const Node& list, const std::string& item) {
  for (size_t i = 0; i < list.items.size(); ++i) {
    if (name_of_item(list.items[i]) == item || std::to_string(i) == item) return &list.items[i];
  }
  return nullptr;
}

Node& list_item(Node& list, const Step& step, const Place& place) {
  if (const Node* found = find_item(list, *step.item)) return const_cast<Node&>(*found);
  std::vector<std::string> names;
  for (const Node& item : list.items) names.push_back(name_of_item(item));
  const std::string hint = suggestion(*step.item, names);
  throw ConfigError({diagnostic_at(place, "'" + step.key + "' has no item named '" + *step.item + "'", hint)});
}

/// The node of one step below `at`, made when it is missing.
Node& descend(Node& at, const Step& step, const Place& place) {
  if (!at.is_map()) {
    at = at.is_scalar() && !at.text.empty() ? long_form(at) : empty_map(place);
  }
  Node* found = at.find(step.key);
  if (found == nullptr) {
    found = const_cast<Node*>(alternative(at, step.key));
    if (found != nullptr && found->is_scalar()) *found = long_form(*found);
  }
  if (found == nullptr) {
    Node empty;
    empty.place = place;
    at.set({.key = step.key, .place = place, .value = std::move(empty)});
    found = at.find(step.key);
  }
  return step.item ? list_item(*found, step, place) : *found;
}

}  // namespace

std::string label_of(const Node& choice) {
  if (choice.is_scalar()) return choice.text;
  if (choice.is_list()) return to_json(guess(choice));
  for (const char* key : {"label", "type"}) {
    const Node* found = choice.find(key);
    if (found != nullptr && found->is_scalar()) return found->text;
  }
  return "";
}

void assign(Node& root, const std::string& path, const Place& place, Node value, Assign how) {
  const std::vector<Step> steps = split_path(path, place);
  Node* at = &root;
  std::string parent_key;
  for (size_t i = 0; i + 1 < steps.size(); ++i) {
    at = &descend(*at, steps[i], place);
    parent_key = steps[i].key;
  }
  const Step& last = steps.back();
  if (last.key == "type" && !last.item && value.is_scalar()) {
    *at = merge(*at, long_form(value), parent_key);
    return;
  }
  Node& target = descend(*at, last, place);
  refuse_blank(target, value, last.key, place);
  target = how == Assign::merge ? merge(target, value, last.key) : std::move(value);
}

const Node* find_path(const Node& root, const std::string& path) {
  const Node* at = &root;
  for (const Step& step : split_path(path, {})) {
    const Node* below = at->find(step.key);
    if (below == nullptr) below = alternative(*at, step.key);
    if (below != nullptr && step.item) below = find_item(*below, *step.item);
    if (below == nullptr) return nullptr;
    at = below;
  }
  return at;
}

std::vector<std::string> paths_above(const std::string& path) {
  std::vector<std::string> out;
  for (size_t cut = path.find_first_of(".["); cut != std::string::npos; cut = path.find_first_of(".[", cut + 1)) {
    out.push_back(path.substr(0, cut));
  }
  return out;
}

std::string whole_section(const std::string& path) {
  constexpr std::string_view kType = ".type";
  return path.ends_with(kType) ? path.substr(0, path.size() - kType.size()) : path;
}

}  // namespace dsnn::config
