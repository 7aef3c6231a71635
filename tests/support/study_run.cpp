#include "support/study_run.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <thread>

#include "dsnn/error.h"

namespace dsnn::test {
namespace fs = std::filesystem;
namespace {

const fs::path kBuild = DSNN_BINARY_DIR;

fs::path new_folder() {
  std::string pattern = (fs::temp_directory_path() / "dsnn-study-XXXXXX").string();
  const char* made = ::mkdtemp(pattern.data());
  DSNN_ASSERT(made != nullptr);
  return made;
}

}  // namespace

std::string read_text(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

Program::Program(const std::vector<std::string>& arguments, const fs::path& folder) {
  static std::atomic<int> counter = 0;
  const std::string id = std::to_string(counter++);
  out_ = folder / (".out-" + id);
  err_ = folder / (".err-" + id);
  const std::string program = (kBuild / "bin/dsnn-run").string();
  std::vector<char*> words{const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
  words.push_back(nullptr);
  pid_ = ::fork();
  DSNN_ASSERT(pid_ >= 0);
  if (pid_ > 0) return;
  if (::chdir(folder.c_str()) != 0) ::_exit(126);
  ::dup2(::open(out_.c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0644), STDOUT_FILENO);
  ::dup2(::open(err_.c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0644), STDERR_FILENO);
  ::execv(program.c_str(), words.data());
  ::_exit(127);
}

Program::~Program() {
  if (!running()) return;
  signal(SIGKILL);
  wait();
}

void Program::pause() { std::this_thread::sleep_for(std::chrono::milliseconds(2)); }

void Program::signal(int number) const { ::kill(pid_, number); }

bool Program::running() {
  if (!ended_) ended_ = ::waitpid(pid_, &status_, WNOHANG) == pid_;
  return !ended_;
}

std::string Program::err() const { return read_text(err_); }

std::vector<pid_t> Program::children() const {
  const std::string id = std::to_string(pid_);
  std::ifstream in("/proc/" + id + "/task/" + id + "/children");
  return {std::istream_iterator<pid_t>(in), std::istream_iterator<pid_t>()};
}

ProgramEnd Program::wait() {
  if (!ended_) ::waitpid(pid_, &status_, 0);
  ended_ = true;
  ProgramEnd end{.out = read_text(out_), .err = read_text(err_)};
  if (WIFEXITED(status_)) end.exit_code = WEXITSTATUS(status_);
  if (WIFSIGNALED(status_)) end.signal = WTERMSIG(status_);
  return end;
}

std::string toy_experiment() {
  return "schema: dsnn/1\n"
         "name: toy\n"
         "seed: 7\n"
         "evaluator: fixture.toy\n"
         "training: {epochs: 27}\n"
         "toy:\n"
         "  lr: {search: {float: [1e-4, 1e-1], log: true}}\n"
         "  optimizer: {search: {choice: [sgd, adam, radam, ranger]}}\n"
         "  depth: {search: {int: [1, 20]}}\n"
         "  bits: {search: {int: [2, 8]}}\n"
         "  method: {search: {choice: [q, ps]}}\n"
         "objectives:\n"
         "  - {name: error, metric: validation.error, goal: minimize, reference: 0.8}\n"
         "  - {name: energy, metric: inference.energy_mj, goal: minimize, reference: 1.5}\n"
         "fidelity: {type: hyperband, budget: epochs, min: 1, eta: 3}\n"
         "acquisition: random\n"
         "limits: {trials: 60}\n"
         "execution: {workers: 2, deterministic: true}\n";
}

std::vector<fs::path> toy_plugin_folders() { return {kBuild / "tests/fixtures/toy_evaluator", kBuild / "plugins"}; }

ToyStudy::ToyStudy(std::vector<std::string> changes) : folder_(new_folder()), changes_(std::move(changes)) {
  std::ofstream(folder_ / "toy.yaml") << toy_experiment();
}

ToyStudy::~ToyStudy() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

std::vector<std::string> ToyStudy::command(const std::vector<std::string>& more) const {
  std::vector<std::string> out{"run", "toy.yaml", "--plugin-dir", toy_plugin_folders().front().string()};
  for (const std::string& change : changes_) {
    out.push_back("--set");
    out.push_back(change);
  }
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

ProgramEnd ToyStudy::run(const std::vector<std::string>& more) const { return Program(command(more), folder_).wait(); }

std::string ToyStudy::table(const std::string& out) const { return read_text(run_folder(out) / "trials.csv"); }

config::ExperimentSpec load_spec(const std::string& yaml, const std::vector<std::string>& sets,
                                 const plugin::Catalog& catalog) {
  const fs::path folder = new_folder();
  std::ofstream(folder / "experiment.yaml") << yaml;
  config::Diagnostics diagnostics;
  std::vector<config::ExperimentSpec> specs =
      config::load(folder / "experiment.yaml", {.sets = sets}, catalog, diagnostics);
  fs::remove_all(folder);
  if (specs.size() != 1) std::fputs(diagnostics.text().c_str(), stderr);
  DSNN_ASSERT(specs.size() == 1);
  return specs.front();
}

}  // namespace dsnn::test
