#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "dsnn/model.h"
#include "dsnn/value.h"

namespace dsnn::nn {

/// What a trial leaves behind: enough to continue it bit for bit, or to evaluate the network with nothing else.
struct Checkpoint {
  Model model;
  Tensors optimizer;  ///< by "<parameter>.<slot>"
  Value progress;     ///< map: epoch, step, history, ...; JSON types only
};

/// Writes checkpoint.safetensors and checkpoint.json into `folder`, both atomically, the JSON last. Keeps one previous
/// generation (checkpoint.previous.*). In the tensor file the model has its bare state-dict names and the optimiser's
/// names start with "optimizer/".
///
/// The JSON begins with {"sha256":"<64 hex digits>", and that is the sha256 of every byte behind this comma, up to the
/// line feed that ends the file; inside, tensors.sha256 is that of the tensor file. Throws ExitError 73 or 74.
void save_checkpoint(const std::filesystem::path& folder, const Checkpoint& checkpoint);

/// The newest intact generation, with a warning logged when it had to fall back; nullopt when there is none. A
/// generation is intact when both checksums hold, its graph is valid and `check` takes it: an std::invalid_argument
/// from there is damage like any other. Throws ConfigError when files are there but no generation is intact, with exit
/// code 78 when a newer program wrote them.
std::optional<Checkpoint> load_checkpoint(const std::filesystem::path& folder,
                                          const std::function<void(const Checkpoint&)>& check = {});

/// A safetensors file as tensors, on the CPU. Throws ConfigError naming the file.
Tensors load_safetensors(const std::filesystem::path& file);

/// The bytes of a safetensors file with these tensors.
std::string to_safetensors(const Tensors& tensors);
/// The inverse. Throws std::invalid_argument.
Tensors from_safetensors(std::string_view bytes);

}  // namespace dsnn::nn
