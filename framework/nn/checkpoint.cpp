#include "nn/checkpoint.h"

#include <stdexcept>

#include "dsnn/error.h"
#include "dsnn/log.h"
#include "dsnn/version.h"
#include "store/file.h"

namespace dsnn::nn {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTensors[] = {"checkpoint.safetensors", "checkpoint.previous.safetensors"};
constexpr const char* kJson[] = {"checkpoint.json", "checkpoint.previous.json"};
constexpr std::string_view kOptimizerPrefix = "optimizer/";

/// The JSON half of one generation.
struct Header {
  std::string sha256;
  int64_t bytes = 0;
  Value json;
};

const Value& member(const Value& map, std::string_view key) {
  const Value* found = map.find(key);
  if (found == nullptr) throw std::invalid_argument("the key '" + std::string(key) + "' is missing");
  return *found;
}

Header read_header(const fs::path& file) {
  Header out;
  out.json = parse_json(store::read_file(file));
  const Value& version = member(out.json, "checkpoint");
  if (!version.is_int()) throw std::invalid_argument("'checkpoint' must be a version number");
  if (version.integer() > kCheckpointVersion) {
    Diagnostic newer;
    newer.where.file = file.string();
    newer.message = "this checkpoint has version " + std::to_string(version.integer()) + ", this program reads up to " +
                    std::to_string(kCheckpointVersion);
    newer.hint = "use a newer dsnn-run";
    throw ConfigError({newer}, 78);
  }
  const Value& tensors = member(out.json, "tensors");
  const Value &sha256 = member(tensors, "sha256"), &bytes = member(tensors, "bytes");
  if (!sha256.is_string() || !bytes.is_int()) throw std::invalid_argument("'tensors' must hold sha256 and bytes");
  out.sha256 = sha256.string();
  out.bytes = bytes.integer();
  return out;
}

/// A torn current generation must not push out an intact previous one.
bool worth_keeping(const fs::path& folder) {
  try {
    const Header header = read_header(folder / kJson[0]);
    std::error_code missing;
    return fs::file_size(folder / kTensors[0], missing) == static_cast<uintmax_t>(header.bytes) && !missing;
  } catch (const std::invalid_argument&) {
    return false;
  }
}

void move_file(const fs::path& from, const fs::path& to) {
  std::error_code failed;
  fs::rename(from, to, failed);
  if (failed) throw ExitError(74, "cannot rename " + from.string() + ": " + failed.message());
}

/// Tensors before JSON: a kill in between leaves a JSON whose tensors load_checkpoint still finds.
void keep_previous(const fs::path& folder) {
  if (!fs::exists(folder / kJson[0]) || !worth_keeping(folder)) return;
  move_file(folder / kTensors[0], folder / kTensors[1]);
  move_file(folder / kJson[0], folder / kJson[1]);
}

Checkpoint assemble(const Header& header, std::string_view tensor_bytes) {
  Checkpoint out;
  out.graph = Graph::from_json(member(header.json, "graph"));
  out.progress = member(header.json, "progress");
  for (auto& [name, tensor] : from_safetensors(tensor_bytes)) {
    if (name.starts_with(kOptimizerPrefix)) {
      out.optimizer.emplace(name.substr(kOptimizerPrefix.size()), tensor);
    } else {
      out.model.emplace(name, tensor);
    }
  }
  return out;
}

/// The generation whose JSON is number `g`, or why it is not intact.
std::optional<Checkpoint> load_generation(const fs::path& folder, int g, std::string& problem) {
  const fs::path json = folder / kJson[g];
  if (!fs::exists(json)) return std::nullopt;
  try {
    const Header header = read_header(json);
    for (const char* name : kTensors) {
      std::error_code missing;
      if (fs::file_size(folder / name, missing) != static_cast<uintmax_t>(header.bytes) || missing) continue;
      const std::string bytes = store::read_file(folder / name);
      if (store::sha256_hex(bytes) == header.sha256) return assemble(header, bytes);
    }
    problem = json.string() + ": no tensor file beside it has the sha256 it names";
  } catch (const std::invalid_argument& e) {
    problem = json.string() + ": " + e.what();
  }
  return std::nullopt;
}

}  // namespace

void save_checkpoint(const fs::path& folder, const Checkpoint& checkpoint) {
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (failed) throw ExitError(73, "cannot create " + folder.string() + ": " + failed.message());
  Tensors all = checkpoint.model;
  for (const auto& [name, tensor] : checkpoint.optimizer) all.emplace(std::string(kOptimizerPrefix) + name, tensor);
  const std::string bytes = to_safetensors(all);

  Value tensors = Value::map();
  tensors.set("file", kTensors[0]);
  tensors.set("sha256", store::sha256_hex(bytes));
  tensors.set("bytes", static_cast<int64_t>(bytes.size()));
  Value json = Value::map();
  json.set("checkpoint", kCheckpointVersion);
  json.set("program", kVersion);
  json.set("tensors", std::move(tensors));
  json.set("graph", checkpoint.graph.to_json());
  json.set("progress", checkpoint.progress);

  keep_previous(folder);
  store::write_file_atomically(folder / kTensors[0], bytes);
  store::write_file_atomically(folder / kJson[0], to_json(json) + "\n");
}

std::optional<Checkpoint> load_checkpoint(const fs::path& folder) {
  std::string problem;
  for (int g = 0; g < 2; ++g) {
    std::string this_problem;
    std::optional<Checkpoint> found = load_generation(folder, g, this_problem);
    if (found) {
      if (!problem.empty()) log(LogLevel::warning, problem + "; the checkpoint before it is used");
      return found;
    }
    if (problem.empty()) problem = this_problem;
  }
  if (problem.empty()) return std::nullopt;
  throw ConfigError(SourceLocation{.file = folder.string()}, "no intact checkpoint: " + problem,
                    "remove the folder to train this trial again");
}

}  // namespace dsnn::nn
