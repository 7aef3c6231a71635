#include <algorithm>
#include <iostream>

#include "config/json_schema.h"
#include "verb.h"

namespace dsnn::cli {
namespace {

/// JSON with two spaces a level; lists of plain values stay on one line.
void print(std::string& out, const Value& value, const std::string& margin) {
  const std::string deeper = margin + "  ";
  const auto plain = [](const Value& item) { return !item.is_map() && !item.is_list(); };
  if (value.is_map() && value.size() > 0) {
    const char* before = "{\n";
    for (const auto& [key, member] : value.members()) {
      out += before + deeper + to_json(Value(key)) + ": ";
      print(out, member, deeper);
      before = ",\n";
    }
    out += "\n" + margin + "}";
  } else if (value.is_list() && !std::all_of(value.items().begin(), value.items().end(), plain)) {
    const char* before = "[\n";
    for (const Value& item : value.items()) {
      out += before + deeper;
      print(out, item, deeper);
      before = ",\n";
    }
    out += "\n" + margin + "]";
  } else {
    out += to_json(value);
  }
}

class SchemaVerb : public Verb {
 public:
  std::string name() const override { return "schema"; }
  std::string summary() const override { return "the experiment language as JSON Schema (draft-07), for editors"; }
  std::string synopsis() const override { return "schema"; }
  std::string example() const override { return "dsnn-run schema > schemas/experiment.schema.json"; }

  int run(const boost::program_options::variables_map&, const std::vector<std::string>&,
          const Global& global) const override {
    std::string text;
    print(text, config::json_schema(global.catalog()), "");
    std::cout << text << '\n';
    return 0;
  }
};

}  // namespace

std::unique_ptr<Verb> make_schema_verb() { return std::make_unique<SchemaVerb>(); }

}  // namespace dsnn::cli
