#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "dsnn/config_view.h"
#include "dsnn/dataset.h"
#include "dsnn/factory.h"
#include "dsnn/transform.h"

namespace dsnn {

/// Decoded images: one byte per pixel and channel, in planes (C, H, W), one sample after the other. Torch-free.
struct ImageTable {
  int64_t channels = 0, height = 0, width = 0;
  std::vector<uint8_t> pixels;
  std::vector<int64_t> labels;
  std::string sha256;  ///< of both; filled in by ImageDataset

  int64_t size() const { return static_cast<int64_t>(labels.size()); }
};

/// What makes one image data set different from another.
struct ImageDatasetTraits {
  std::string name;               ///< of the component
  DatasetInfo info;               ///< of the files as they are
  std::vector<double> mean, std;  ///< per channel, of the training pixels in [0, 1]: what `normalize` takes by default
  std::vector<std::string> folders;  ///< names under a data root, best first: "fashion-mnist"
  std::string how_to_get;            ///< one sentence for the message of a missing data set
};

/// A data set of labelled images held in memory: split, fractions, transforms and batches.
///
/// A data set derives from it and says which files it needs, how many images they hold and how they are read. It
/// honours the keys of the kind: `root`, `validation_fraction`, `train_fraction`, `transforms`. Files are searched in
/// `root` when it is given, else under DSNN_DATA, /usr/share/datasets, and the folders .venv/data and ../shared/data of
/// the project. Decoded tables are shared by all objects of a process that read the same folder.
class ImageDataset : public Dataset {
 public:
  ImageDataset(const ConfigView& section, const ComponentFactory& factory, ImageDatasetTraits traits);
  ~ImageDataset() override;

  DatasetInfo info() const override;
  int64_t size(Split split) const override;
  Batch load(Split split, std::span<const int64_t> indices, const LoadContext& context) const override;
  void set_split_seed(uint64_t seed) override;
  std::map<std::string, std::string> checksums() const override;

 protected:
  /// The files that `folder` lacks, relative to it; empty = complete. `test`: those of the test split.
  virtual std::vector<std::string> missing_files(const std::filesystem::path& folder, bool test) const = 0;
  /// How many images the training or the test files hold, from their headers or sizes: cheap, nothing is decoded.
  /// Throws ConfigError naming a file that cannot be what it should be.
  virtual int64_t count(const std::filesystem::path& folder, bool test) const = 0;
  /// Decodes the training or the test files. Throws ConfigError naming a damaged file.
  virtual ImageTable read(const std::filesystem::path& folder, bool test) const = 0;

 private:
  std::filesystem::path find_folder(bool test) const;
  std::string cache_key(const std::filesystem::path& folder, bool test) const;
  int64_t total(bool test) const;
  int64_t total_locked(bool test) const;
  const ImageTable& table(bool test) const;
  void fill(Split split, int64_t index, const LoadContext& context, Image image) const;
  const std::vector<int64_t>& order() const;
  int64_t validation_size() const;

  ImageDatasetTraits traits_;
  std::filesystem::path root_;
  SourceLocation where_;  ///< of the section, for what is wrong with its files
  double validation_fraction_ = 0, train_fraction_ = 1;
  std::vector<std::unique_ptr<Transform>> transforms_;
  uint64_t split_seed_ = 0;

  mutable std::mutex mutex_;
  mutable std::shared_ptr<const ImageTable> tables_[2];
  mutable std::optional<int64_t> totals_[2];
  mutable std::vector<int64_t> order_;
};

}  // namespace dsnn
