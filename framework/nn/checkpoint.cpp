#include "nn/checkpoint.h"

#include <stdexcept>

#include "dsnn/checked_json.h"
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

constexpr std::string_view kSealStart = "{\"sha256\":\"";
constexpr size_t kSealBytes = kSealStart.size() + 64 + 2;  // the digits, a quote and a comma

/// {"a":1} -> {"sha256":"...","a":1} and a line feed.
std::string sealed(const Value& json) {
  const std::string body = to_json(json).substr(1);
  return std::string(kSealStart) + store::sha256_hex(body) + "\"," + body + "\n";
}

void check_seal(std::string_view text) {
  if (text.starts_with("{\"checkpoint\":1,")) return;  // version 1 had none
  if (text.size() < kSealBytes + 2 || !text.starts_with(kSealStart)) {
    throw std::invalid_argument("it does not begin with its sha256");
  }
  const std::string_view named = text.substr(kSealStart.size(), 64);
  if (text.back() != '\n' || store::sha256_hex(text.substr(kSealBytes, text.size() - kSealBytes - 1)) != named) {
    throw std::invalid_argument("its sha256 is not the one it names");
  }
}

Header read_header(const fs::path& file) {
  Header out;
  const std::string text = store::read_file(file);
  check_seal(text);
  out.json = parse_json(text);
  const int64_t version = checked::integer(out.json, "checkpoint");
  if (version > kCheckpointVersion) {
    Diagnostic newer;
    newer.where.file = file.string();
    newer.message = "this checkpoint has version " + std::to_string(version) + ", this program reads up to " +
                    std::to_string(kCheckpointVersion);
    newer.hint = "use a newer dsnn-run";
    throw ConfigError({newer}, 78);
  }
  const Value& tensors = checked::map(out.json, "tensors");
  out.sha256 = checked::text(tensors, "sha256");
  out.bytes = checked::integer(tensors, "bytes");
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
  out.model.graph = Graph::from_json(checked::map(header.json, "graph"));
  out.progress = checked::map(header.json, "progress");
  for (auto& [name, tensor] : from_safetensors(tensor_bytes)) {
    if (name.starts_with(kOptimizerPrefix)) {
      out.optimizer.emplace(name.substr(kOptimizerPrefix.size()), tensor);
    } else {
      out.model.tensors.emplace(name, tensor);
    }
  }
  return out;
}

/// The generation whose JSON is number `g`, or why it is not intact.
std::optional<Checkpoint> load_generation(const fs::path& folder, int g,
                                          const std::function<void(const Checkpoint&)>& check, std::string& problem) {
  const fs::path json = folder / kJson[g];
  if (!fs::exists(json)) return std::nullopt;
  try {
    const Header header = read_header(json);
    for (const char* name : kTensors) {
      std::error_code missing;
      if (fs::file_size(folder / name, missing) != static_cast<uintmax_t>(header.bytes) || missing) continue;
      const std::string bytes = store::read_file(folder / name);
      if (store::sha256_hex(bytes) != header.sha256) continue;
      Checkpoint found = assemble(header, bytes);
      if (check) check(found);
      return found;
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
  fs::create_directory(folder, failed);  // never the run's folder, which somebody may have removed
  if (failed) throw ExitError(73, "cannot create " + folder.string() + ": " + failed.message());
  Tensors all = checkpoint.model.tensors;
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
  json.set("graph", checkpoint.model.graph.to_json());
  json.set("progress", checkpoint.progress);

  keep_previous(folder);
  store::write_file_atomically(folder / kTensors[0], bytes);
  store::write_file_atomically(folder / kJson[0], sealed(json));
}

std::optional<Checkpoint> load_checkpoint(const fs::path& folder, const std::function<void(const Checkpoint&)>& check) {
  std::string problem;
  for (int g = 0; g < 2; ++g) {
    std::string this_problem;
    std::optional<Checkpoint> found = load_generation(folder, g, check, this_problem);
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
