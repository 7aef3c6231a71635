#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "config/spec.h"
#include "plugin/catalog.h"

/// Studies of the torch-free evaluator `fixture.toy`, run through the program itself.
namespace dsnn::test {

/// How a program ended and what it said.
struct ProgramEnd {
  int exit_code = -1;
  int signal = 0;
  std::string out, err;
};

/// dsnn-run in the background, in a folder of choice.
class Program {
 public:
  Program(const std::vector<std::string>& arguments, const std::filesystem::path& folder);
  ~Program();
  Program(const Program&) = delete;

  void signal(int number) const;
  std::vector<pid_t> children() const;
  bool running();
  std::string err() const;  ///< so far
  /// Polls until `condition` holds or the program ended; true when it held.
  template <class Condition>
  bool until(Condition condition) {
    while (running()) {
      if (condition()) return true;
      pause();
    }
    return condition();
  }
  ProgramEnd wait();

 private:
  static void pause();

  pid_t pid_ = -1;
  bool ended_ = false;
  int status_ = 0;
  std::filesystem::path out_, err_;
};

/// A folder with an experiment file of the toy; gone with this object.
class ToyStudy {
 public:
  /// `changes` are --set values that go with every run.
  explicit ToyStudy(std::vector<std::string> changes = {});
  ~ToyStudy();
  ToyStudy(const ToyStudy&) = delete;

  const std::filesystem::path& folder() const { return folder_; }
  std::filesystem::path run_folder(const std::string& out = "runs") const { return folder_ / out / "toy"; }
  /// Arguments of `dsnn-run run toy.yaml`, followed by these.
  std::vector<std::string> command(const std::vector<std::string>& more = {}) const;
  ProgramEnd run(const std::vector<std::string>& more = {}) const;
  /// The trial table as the run wrote it, "" when there is none.
  std::string table(const std::string& out = "runs") const;

 private:
  std::filesystem::path folder_;
  std::vector<std::string> changes_;
};

/// The text of the toy's experiment file: 60 trials, hyperband + random, deterministic, two workers.
std::string toy_experiment();
/// The folders that hold the toy and the search plugins of this build.
std::vector<std::filesystem::path> toy_plugin_folders();
/// The one study of an experiment text. Aborts when it does not load.
config::ExperimentSpec load_spec(const std::string& yaml, const std::vector<std::string>& sets,
                                 const plugin::Catalog& catalog);

std::string read_text(const std::filesystem::path& file);

}  // namespace dsnn::test
