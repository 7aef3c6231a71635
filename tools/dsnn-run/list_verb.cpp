#include <algorithm>
#include <iostream>

#include "dsnn/log.h"
#include "kinds.h"
#include "print.h"
#include "table.h"
#include "verb.h"

namespace dsnn::cli {
namespace {

void print_kind(Kind kind, const std::vector<const plugin::ComponentInfo*>& components) {
  std::vector<std::vector<std::string>> rows;
  for (const auto* component : components) {
    rows.push_back({component->name + (component->default_for_kind ? " *" : ""), component->summary,
                    component->plugin->name + " " + component->plugin->version});
  }
  cli::print(std::string(name_of(kind)) + "\n" + table(rows));
}

/// Would this unusable file add to the list? One whose manifest cannot be read might.
bool concerns(const plugin::PluginFile& file, const std::vector<Kind>& kinds) {
  return file.offers.empty() || std::any_of(file.offers.begin(), file.offers.end(), [&](const auto& offer) {
           return std::find(kinds.begin(), kinds.end(), offer.first) != kinds.end();
         });
}

class ListVerb : public Verb {
 public:
  std::string name() const override { return "list"; }
  std::string summary() const override { return "plugins found, by kind"; }
  std::string synopsis() const override { return "list [KIND]"; }
  std::string example() const override { return "dsnn-run list operator"; }
  std::pair<int, int> positional() const override { return {0, 1}; }

  int run(const boost::program_options::variables_map&, const std::vector<std::string>& arguments,
          const Global& global) const override {
    std::vector<Kind> kinds;
    if (arguments.empty()) {
      for (size_t i = 0; i < kKindNames.size(); ++i) kinds.push_back(static_cast<Kind>(i));
    } else {
      kinds.push_back(kind_of_word(arguments.front()));
    }
    bool any = false, any_default = false;
    for (const Kind kind : kinds) {
      const auto components = global.catalog().of(kind);
      if (components.empty()) continue;
      print_kind(kind, components);
      any = true;
      any_default = any_default || global.catalog().default_of(kind) != nullptr;
    }
    if (!any) cli::print("none; searched: " + searched(global.catalog()) + "\n");
    if (any_default) std::cout << "* is taken when an experiment leaves the section out\n";
    for (const auto& file : global.catalog().files()) {
      if (!file->problem.empty() && concerns(*file, kinds)) log(LogLevel::warning, file->problem);
    }
    return 0;
  }
};

}  // namespace

std::unique_ptr<Verb> make_list_verb() { return std::make_unique<ListVerb>(); }

}  // namespace dsnn::cli
