#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "dsnn/graph.h"
#include "dsnn/layer.h"
#include "dsnn/value.h"

namespace dsnn::nn {

/// What a trial leaves behind: enough to continue it bit for bit, or to evaluate the network with nothing else.
struct Checkpoint {
  Graph graph;
  Tensors model;      ///< by state-dict name
  Tensors optimizer;  ///< by "<parameter>.<slot>"
  Value progress;     ///< map: epoch, step, history, ...; JSON types only
};

/// Writes checkpoint.safetensors and checkpoint.json into `folder`, both atomically; the JSON carries the sha256 of the
/// tensors and is written last. Keeps one previous generation (checkpoint.previous.*). In the tensor file the model has
/// its bare state-dict names and the optimiser's names start with "optimizer/". Throws ExitError 73 or 74.
void save_checkpoint(const std::filesystem::path& folder, const Checkpoint& checkpoint);

/// The newest intact generation, with a warning logged when it had to fall back; nullopt when there is none.
/// Throws ConfigError when files are there but no generation is intact, with exit code 78 when a newer program wrote
/// them.
std::optional<Checkpoint> load_checkpoint(const std::filesystem::path& folder);

/// A safetensors file as tensors, on the CPU. Throws ConfigError naming the file.
Tensors load_safetensors(const std::filesystem::path& file);

/// The bytes of a safetensors file with these tensors.
std::string to_safetensors(const Tensors& tensors);
/// The inverse. Throws std::invalid_argument.
Tensors from_safetensors(std::string_view bytes);

}  // namespace dsnn::nn
