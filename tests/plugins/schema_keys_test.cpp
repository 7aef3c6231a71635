// A key that a schema declares and no code reads is accepted and changes nothing: there must be none.
//
// A component reads its own keys when it is made. Each is given a value of a type that no getter takes: a component
// that reads the key ends its process, one that does not read it lives. Keys of the framework's sections and of kinds
// are read by the framework: the file that does is named here, and must ask for them.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "config/framework_schema.h"
#include "config/kind_schema.h"
#include "support/components.h"

namespace dsnn::test {
namespace {

/// Values of keys that have no default.
Value needed_by(const std::string& component) {
  if (component == "multistep") return parse_json(R"({"milestones": [3.0, 6.0]})");
  if (component == "hyperband" || component == "successive_halving") return parse_json(R"({"min": 1.0})");
  if (component == "normalize") return parse_json(R"({"mean": [0.5], "std": [0.5]})");
  return Value::map();
}

/// The section of a component with what it needs, those of components inside it filled too.
Value whole_section(const plugin::ComponentInfo& component, const std::vector<config::FieldSpec>& own) {
  Value out = components().section(component.kind, component.name, needed_by(component.name));
  for (const config::FieldSpec& field : own) {
    const Value* inner = field.type == FieldType::component ? out.find(field.key) : nullptr;
    const Value* type = inner == nullptr ? nullptr : inner->find("type");
    if (type == nullptr) continue;
    const auto kind = std::find(kKindNames.begin(), kKindNames.end(), field.kind) - kKindNames.begin();
    out.set(field.key, components().section(static_cast<Kind>(kind), type->string()));
  }
  return out;
}

/// Own keys that somebody else reads, and who does.
const std::map<std::string, std::string> kReadElsewhere = {
    {"schedule.horizon", "framework/training/options.cpp"},
    {"fidelity_scheduler.budget", "framework/config/fidelity_check.cpp"},
    {"fidelity_scheduler.min", "framework/config/fidelity_check.cpp"},
    {"fidelity_scheduler.max", "framework/config/fidelity_check.cpp"},
    {"fidelity_scheduler.eta", "framework/config/fidelity_check.cpp"},
    {"fidelity_scheduler.continue", "framework/config/fidelity_check.cpp"},
};

/// Own keys that change nothing so far: this list is to be empty.
const std::set<std::string> kUnread = {"fidelity_scheduler.front"};

/// Who reads the keys of a section of the framework, of a kind, or of the evaluator `train`.
const std::map<std::string, std::vector<std::string>> kReaders = {
    {"schema", {"framework/config/load.cpp"}},
    {"name", {"framework/config/load.cpp"}},
    {"extends", {"framework/config/merge.cpp"}},
    {"requires", {"framework/config/load.cpp"}},
    {"seed", {"framework/config/load.cpp"}},
    {"matrix", {"framework/config/load.cpp"}},
    {"parameters", {"framework/config/load.cpp"}},
    {"evaluator", {"framework/config/experiment_check.cpp"}},
    {"objectives", {"framework/config/cross_check.cpp"}},
    {"constraints", {"framework/config/cross_check.cpp"}},
    {"fidelity", {"framework/config/fidelity_check.cpp"}},
    {"acquisition", {"framework/execution/session.cpp"}},
    {"limits", {"framework/config/cross_check.cpp"}},
    {"execution", {"framework/config/cross_check.cpp"}},
    {"store", {"framework/config/spec.cpp"}},
    {"meters",
     {"framework/config/cross_check.cpp", "framework/training/energy_windows.cpp", "framework/training/model.cpp",
      "framework/config/experiment_check.cpp"}},
    {"report",
     {"framework/report/index.cpp", "framework/study/loop.cpp", "framework/execution/session.cpp",
      "framework/config/schedule_notes.cpp"}},
    {"task", {"framework/training/trial.cpp"}},
    {"dataset", {"framework/training/image_dataset.cpp", "framework/training/trial.cpp"}},
    {"backbone", {"framework/training/model.cpp"}},
    {"operator", {"framework/nn/conversion.cpp", "framework/training/model.cpp"}},
    {"training", {"framework/training/trial.cpp", "framework/training/options.cpp", "framework/study/objectives.cpp"}},
    {"evaluation", {"framework/training/trial.cpp", "framework/training/options.cpp"}},
    {"optimizer", {"framework/training/trial.cpp", "framework/training/options.cpp"}},
};

std::string source(const std::string& file) {
  std::ifstream in(std::filesystem::path(DSNN_SOURCE_DIR) / file);
  EXPECT_TRUE(in.good()) << file << " is named here and does not exist";
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

bool asks_for(const std::vector<std::string>& files, const std::string& key) {
  return std::any_of(files.begin(), files.end(),
                     [&](const std::string& file) { return source(file).find('"' + key + '"') != std::string::npos; });
}

void expect_readers(const std::vector<config::FieldSpec>& fields, const std::vector<std::string>& files,
                    const std::string& where) {
  for (const config::FieldSpec& field : fields) {
    if (field.choices.size() == 1) continue;  // there is nothing to read: the schema allows one word
    EXPECT_TRUE(asks_for(files, field.key)) << where << "." << field.key << " is read by none of its readers";
    expect_readers(field.fields, files, where + "." + field.key);
  }
}

void expect_readers_of_sections(const std::vector<config::FieldSpec>& sections) {
  for (const config::FieldSpec& section : sections) {
    const auto readers = kReaders.find(section.key);
    ASSERT_NE(readers, kReaders.end()) << "nobody is named as reader of the section " << section.key;
    EXPECT_TRUE(asks_for(readers->second, section.key)) << section.key;
    expect_readers(section.fields, readers->second, section.key);
  }
}

TEST(SchemaKeys, EveryKeyOfTheFrameworksSectionsIsRead) {
  expect_readers_of_sections(config::framework_keys());
  expect_readers_of_sections(config::framework_sections());
}

TEST(SchemaKeys, EveryKeyOfAnEvaluatorsSectionsIsRead) {
  for (const plugin::ComponentInfo* evaluator : components().catalog().of(Kind::evaluator)) {
    if (evaluator->sections.is_list()) expect_readers_of_sections(config::fields_from_json(evaluator->sections));
  }
}

TEST(SchemaKeys, EveryKeyOfAKindIsRead) {
  for (const auto& [kind, section] : {std::pair(Kind::dataset, "dataset"), std::pair(Kind::op, "operator"),
                                      std::pair(Kind::optimizer, "optimizer")}) {
    expect_readers(config::kind_fields(kind), kReaders.at(section), section);
  }
}

/// Makes components in a process of their own.
class Maker : public plugin::Loader {
 public:
  explicit Maker(const plugin::Catalog& catalog) : Loader(catalog, Torch::allowed) {}

  enum class End { made, threw, aborted };
  End make(Kind kind, const Value& section) const {
    const pid_t child = ::fork();
    if (child == 0) {
      const rlimit no_core{0, 0};
      ::setrlimit(RLIMIT_CORE, &no_core);
      ::dup2(::open("/dev/null", O_WRONLY), STDERR_FILENO);
      std::signal(SIGABRT, SIG_DFL);
      try {
        create(kind, view_of(section));
      } catch (...) {
        ::_exit(1);
      }
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    if (WIFSIGNALED(status)) return End::aborted;
    return WEXITSTATUS(status) == 0 ? End::made : End::threw;
  }
};

/// A value that no getter of the field's type takes.
Value poison(const config::FieldSpec& field) {
  const bool compound =
      field.type == FieldType::list || field.type == FieldType::map || field.type == FieldType::component;
  return compound ? Value(true) : Value::list();
}

/// Every key of `fields`, at `path` below `section`.
void expect_read(const Maker& maker, const plugin::ComponentInfo& component, const Value& whole,
                 const std::vector<config::FieldSpec>& fields, const std::vector<std::string>& path) {
  for (const config::FieldSpec& field : fields) {
    if (field.choices.size() == 1) continue;
    if (path.empty() && config::find_field(config::kind_fields(component.kind), field.key) != nullptr) continue;
    Value section = whole;
    Value* at = &section;
    std::string key = component.name;
    for (const std::string& step : path) {
      at = at->find(step);
      key += "." + step;
    }
    key += "." + field.key;
    const std::string owner = std::string(name_of(component.kind)) + "." + field.key;
    if (kUnread.contains(owner)) continue;
    const auto elsewhere = kReadElsewhere.find(owner);
    if (elsewhere != kReadElsewhere.end()) {
      EXPECT_TRUE(asks_for({elsewhere->second}, field.key)) << key << " is not read by " << elsewhere->second;
      continue;
    }
    at->set(field.key, poison(field));
    EXPECT_EQ(maker.make(component.kind, section), Maker::End::aborted) << key << " is read by nobody";
    if (field.type != FieldType::map) continue;
    std::vector<std::string> below = path;
    below.push_back(field.key);
    expect_read(maker, component, whole, field.fields, below);
  }
}

TEST(SchemaKeys, EveryKeyOfEveryComponentIsRead) {
  const Maker maker(components().catalog());
  for (size_t k = 0; k < kKindNames.size(); ++k) {
    const auto kind = static_cast<Kind>(k);
    for (const plugin::ComponentInfo* component : components().catalog().of(kind)) {
      const std::vector<config::FieldSpec> own = config::fields_from_json(component->schema);
      if (own.empty()) continue;
      const Value section = whole_section(*component, own);
      if (maker.make(kind, section) != Maker::End::made) {
        ADD_FAILURE() << component->name << " cannot be made as it is";
        continue;
      }
      expect_read(maker, *component, section, own, {});
    }
  }
}

}  // namespace
}  // namespace dsnn::test
