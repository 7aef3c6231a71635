#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/diagnostics.h"
#include "config/document.h"
#include "config/field.h"
#include "config/key_homes.h"
#include "config/search_domains.h"
#include "plugin/catalog.h"

namespace dsnn::config {

/// Where in the experiment a value stands.
struct Context {
  std::string id;         ///< key path, with the labels of the choices it is under
  std::string plain;      ///< key path without labels and list indices
  std::vector<Use> uses;  ///< the choices it is under, any of them; empty = always there
  std::string forbidden;  ///< name of the section that allows no search, "" = searching is fine
  Place place;            ///< of the nearest enclosing text, for what is missing
  std::string owner;      ///< whose keys these are: "optimizer 'sgd'"
  std::string schema;     ///< "optimizers/sgd", "" = the framework's own
  size_t item = 0;        ///< number of this item of a list, from 1; 0 = it is none
};

/// Checks a tree against schemas, fills every default, resolves component types, and gathers parameters and places.
/// All mistakes go to the diagnostics; the values returned are only meant for use when there were none.
class SchemaCheck {
 public:
  SchemaCheck(const plugin::Catalog& catalog, Diagnostics& diagnostics, const Node* declared_parameters);

  /// A map's entries against its fields; `map` null = all defaults. Keys in `ignored` are someone else's.
  Value section(const std::vector<FieldSpec>& fields, const Node* map, const Context& context,
                const std::set<std::string, std::less<>>& ignored = {});
  Value value(const FieldSpec& field, const Node& node, const Context& context);
  Value missing(const FieldSpec& field, const Context& context);

  /// The component of `kind` a section takes: by its `type`, the field's default or the kind's default. Null, with an
  /// error said, when there is none.
  const plugin::ComponentInfo* component_of(Kind kind, const FieldSpec& field, const Node* node,
                                            const Context& context);

  /// False when a component was not found: what it would have declared or used is unknown.
  bool complete() const { return complete_; }
  const std::set<std::string, std::less<>>& used_parameters() const { return used_parameters_; }
  /// Says that `entry` is none of `fields`: it is misspelt, stands in the wrong place, or comes with a later build.
  void unknown_key(const Entry& entry, const std::vector<FieldSpec>& fields, const Context& context);
  /// All sections of the experiment: their keys are offered for a key written in the wrong place.
  void offer_sections(std::vector<FieldSpec> sections) { sections_ = std::move(sections); }

  /// The component by that name, or null after saying what is wrong with it.
  const plugin::ComponentInfo* find_component(Kind kind, const Node& type, const Context& context);
  void error(const Place& place, const std::string& message, const std::string& hint = "");
  const std::map<std::string, Place, std::less<>>& places() const { return places_; }
  /// The text of `path`, or of the nearest enclosing key that was written.
  Place place_of(std::string path) const;
  ParameterSet& parameters() { return parameters_; }
  /// Searched keys that set a number of a layer.
  struct NumericKey {
    std::string numeric, id;
    Place place;
  };
  const std::vector<NumericKey>& numeric_keys() const { return numeric_keys_; }
  /// A written text, or a written map of names, that must stand for something of the experiment.
  struct Named {
    std::string names;        ///< see dsnn::kNamed
    std::string id;           ///< its key path
    Node node;                ///< as written
    std::string metric = {};  ///< the one named in the same section, "" = none
  };
  const std::vector<Named>& named() const { return named_; }
  /// A setting at which a section does what its budget says (ChoiceField::ends_with_budget).
  struct BudgetEnd {
    std::string owner, setting;  ///< "schedule 'cosine'", "horizon: budget"
    Place place;
  };
  const std::vector<BudgetEnd>& budget_ends() const { return budget_ends_; }
  /// A warning or a note of a good file.
  void note(Severity severity, const Place& place, const std::string& message, const std::string& hint = "");
  const std::vector<Diagnostic>& notes() const { return notes_; }
  /// Every component the experiment may use, alternatives included.
  const std::set<const plugin::ComponentInfo*>& components() const { return components_; }

 private:
  const std::vector<FieldSpec>& fields_of_component(const plugin::ComponentInfo& component, bool as_override);
  /// The section as the owner of a key that is common to several choices (`scope`) sees it: outside all of them.
  Context shared(const Context& section, int scope) const;
  Context context_of(const Entry& entry, const Context& section) const;
  Value key_value(const FieldSpec& field, const Node* map, const Context& section);
  void remember(const FieldSpec& field, const Node& node, const Context& context);
  void remember_choice(const FieldSpec& field, const std::string& text, const Place& place, const Context& context);
  void join_metric(const std::vector<FieldSpec>& fields, const Value& section, const Context& context, size_t from);
  std::vector<Use> uses_behind(const FieldSpec& gate, const Value& value, const Context& section) const;
  Value typed(const FieldSpec& field, const Node& node, const Context& context);
  Value scalar(const FieldSpec& field, const Node& node, const Context& context);
  Value path(const FieldSpec& field, const Node& node, const Context& context);
  Value list(const FieldSpec& field, const Node& node, const Context& context);
  Value map(const FieldSpec& field, const Node& node, const Context& context);
  Value component(const FieldSpec& field, const Node& node, const Context& context);
  Value domain(const FieldSpec& field, const Node& node, const Context& inner);
  Value choose_section(const FieldSpec& field, const Node& common, const DomainText& text, const std::string& id,
                       const Context& context);
  Value choose_value(const FieldSpec& field, const DomainText& text, const std::string& id, const Context& context);
  Domain domain_of_value(const FieldSpec& field, const DomainText& text, const Context& context);
  Value default_of_value(const FieldSpec& field, const DomainText& text, const Domain& domain, const Context& context);
  Value refuse_default(const Node& written, const Domain& domain, const Value& value);
  struct Labelled {
    const Node* item;
    std::string label;
  };
  std::vector<Labelled> labelled(const DomainText& text);
  Value default_of_choice(const FieldSpec& field, const DomainText& text, const Domain& domain);
  bool add_parameter(Parameter parameter, const Context& context, const Place& place);
  void unknown_component(Kind kind, const Node& type, const Context& context);
  std::string place_hint(const Entry& entry, const std::vector<FieldSpec>& fields, const Context& context);
  Value wrong(const FieldSpec& field, const Node& node, const Context& context, const std::string& expected,
              const std::string& hint = "");

  const plugin::Catalog& catalog_;
  Diagnostics& diagnostics_;
  const Node* declared_;
  std::set<std::string, std::less<>> used_parameters_;
  ParameterSet parameters_;
  std::vector<NumericKey> numeric_keys_;
  std::vector<Named> named_;
  std::vector<BudgetEnd> budget_ends_;
  std::vector<Diagnostic> notes_;
  std::map<std::string, Place, std::less<>> places_;
  std::vector<FieldSpec> sections_;
  std::optional<KeyHomes> homes_;  ///< of their keys, made for the first key that stands nowhere right
  std::set<const plugin::ComponentInfo*> components_;
  bool complete_ = true;
  std::vector<Context> scopes_;  ///< of keys beside a `search`
  std::map<std::pair<const plugin::ComponentInfo*, bool>, std::vector<FieldSpec>> fields_;
};

/// The context of one key of a section.
Context child(const Context& context, const std::string& key);

}  // namespace dsnn::config
