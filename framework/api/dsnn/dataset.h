#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "dsnn/kind.h"
#include "dsnn/types.h"

namespace dsnn {

struct DatasetInfo {
  Shape input;  ///< C, H, W
  int64_t classes = 0;
  std::string target = "class";
  std::vector<std::string> class_names;
  int64_t ignore = -1;
};

struct Batch {
  at::Tensor input;   ///< [n, C, H, W], float32, own 64-byte aligned storage
  at::Tensor target;  ///< [n], int64
};

struct LoadContext {
  uint64_t seed = 0;  ///< of the trial
  int64_t epoch = 0;
  bool training = false;  ///< random transforms act only then
};

/// A labelled data set with a fixed train/validation split.
///
/// size() finds the files and counts what is in them (headers, file sizes) without decoding where their format allows
/// that; load() reads and decodes them once. Both may be called concurrently. The
/// validation part is drawn from the training files with the study's seed, stratified by nothing, and never changes
/// inside a study. `train_fraction` < 1 keeps a nested prefix of the seeded order. Sample i of epoch e draws from
/// (seed, e, i) only, whatever the batch or the threads. Missing or damaged files throw ConfigError that names the
/// file, what was searched and how to get it.
class Dataset {
 public:
  using Interface = Dataset;
  static constexpr Kind kKind = Kind::dataset;
  static constexpr bool kNeedsTorch = true;
  virtual ~Dataset();

  virtual DatasetInfo info() const = 0;  ///< needs no files
  virtual int64_t size(Split split) const = 0;
  /// Samples by index in 0..size(split)-1.
  virtual Batch load(Split split, std::span<const int64_t> indices, const LoadContext& context) const = 0;
  /// The study's seed fixes the split; called once before size().
  virtual void set_split_seed(uint64_t seed) = 0;
  /// sha256 of the decoded samples and labels read so far, by name of the part ("training files"), whatever files they
  /// came in; empty when a data set cannot say.
  virtual std::map<std::string, std::string> checksums() const;
};

}  // namespace dsnn
