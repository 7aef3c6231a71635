#include "dsnn/image_dataset.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "dsnn/rng.h"
#include "store/file.h"
#include "training/data_folders.h"

namespace dsnn {
namespace fs = std::filesystem;
namespace {

/// What was read stays for the next trial of this process. One data set is enough: a worker serves one study.
template <class T>
class ProcessCache {
 public:
  template <class Read>
  T get(const std::string& key, Read read) {
    const std::scoped_lock lock(mutex_);
    auto found = entries_.find(key);
    if (found != entries_.end()) return found->second;
    T made = read();
    if (entries_.size() >= kEntries) entries_.clear();
    return entries_.emplace(key, std::move(made)).first->second;
  }
  static ProcessCache& instance() {
    static ProcessCache cache;
    return cache;
  }

 private:
  static constexpr size_t kEntries = 2;  // training files and test files
  std::mutex mutex_;
  std::map<std::string, T> entries_;
};

/// Changes when a file of the folder does.
std::string fingerprint(const fs::path& folder) {
  std::string text;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const auto written = entry.last_write_time(error).time_since_epoch().count();
    text += "|" + entry.path().filename().string() + " " + std::to_string(written) + " " +
            std::to_string(entry.file_size(error));
  }
  return text;
}

/// A `normalize` section with the data set's own constants where the user gave none.
Value completed_normalize(const ConfigView& section, const ImageDatasetTraits& traits) {
  Value completed = section.value();
  const auto as_list = [](const std::vector<double>& numbers) {
    Value list = Value::list();
    for (double number : numbers) list.push_back(number);
    return list;
  };
  if (!section.has("mean")) completed.set("mean", as_list(traits.mean));
  if (!section.has("std")) completed.set("std", as_list(traits.std));
  return completed;
}

void check_channels(const ConfigView& section, const char* key, int64_t channels) {
  if (!section.has(key) || section.at(key).size() == static_cast<size_t>(channels)) return;
  section.error(key, "'" + std::string(key) + "' must have one value per channel: expected " +
                         std::to_string(channels) + ", got " + std::to_string(section.at(key).size()));
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

std::string checksum(const ImageTable& table) {
  const auto bytes = [](const auto& values) {
    return std::string_view(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(values[0]));
  };
  return store::sha256_hex(store::sha256_hex(bytes(table.pixels)) + store::sha256_hex(bytes(table.labels)));
}

}  // namespace

ImageDataset::ImageDataset(const ConfigView& section, const ComponentFactory& factory, ImageDatasetTraits traits)
    : traits_(std::move(traits)) {
  where_ = section.where("");
  if (section.has("root")) root_ = section.string("root");  // absolute since the file was read
  if (section.has("validation_fraction")) validation_fraction_ = section.number("validation_fraction");
  if (section.has("train_fraction")) train_fraction_ = section.number("train_fraction");
  if (!section.has("transforms")) return;
  for (const ConfigView& transform : section.sections("transforms")) {
    if (transform.type() != "normalize") {
      transforms_.push_back(factory.make<Transform>(transform));
      continue;
    }
    check_channels(transform, "mean", traits_.info.input[0]);
    check_channels(transform, "std", traits_.info.input[0]);
    if (transform.has("mean") && transform.has("std")) {
      transforms_.push_back(factory.make<Transform>(transform));
      continue;
    }
    const Value completed = completed_normalize(transform, traits_);
    static const Origins kNoOrigins;
    transforms_.push_back(factory.make<Transform>(ConfigView(completed, transform.path(), kNoOrigins)));
  }
}

ImageDataset::~ImageDataset() = default;

DatasetInfo ImageDataset::info() const { return traits_.info; }

void ImageDataset::set_split_seed(uint64_t seed) {
  const std::scoped_lock lock(mutex_);
  split_seed_ = seed;
  order_.clear();
}

fs::path ImageDataset::find_folder(bool test) const {
  std::string searched, incomplete;
  size_t fewest = 0;
  if (root_.empty()) training::check_data_variable();
  for (const fs::path& base : training::data_folders(root_)) {
    std::vector<fs::path> candidates;
    for (const std::string& name : traits_.folders) candidates.push_back(base / name);
    if (base == root_) candidates.insert(candidates.begin(), base);
    for (const fs::path& folder : candidates) {
      std::error_code error;
      if (fs::is_directory(folder, error)) {
        const std::vector<std::string> missing = missing_files(folder, test);
        if (missing.empty()) return folder;
        if (incomplete.empty() || missing.size() < fewest) {
          fewest = missing.size();
          incomplete = "; " + folder.string() + " lacks " + joined(missing);
        }
      }
      searched += (searched.empty() ? "" : ", ") + folder.string();
    }
    if (base == root_) break;  // who names a folder does not want another one
  }
  throw ConfigError(where_,
                    "dataset '" + traits_.name + "': its " + (test ? "test" : "training") +
                        " files were not found (searched: " + searched + ")" + incomplete,
                    traits_.how_to_get + ", or set dataset.root or DSNN_DATA");
}

const ImageTable& ImageDataset::table(bool test) const {
  const std::scoped_lock lock(mutex_);
  std::shared_ptr<const ImageTable>& held = tables_[test ? 1 : 0];
  if (!held) {
    const fs::path folder = find_folder(test);
    auto found = ProcessCache<std::shared_ptr<const ImageTable>>::instance().get(cache_key(folder, test), [&] {
      auto made = std::make_shared<ImageTable>(read(folder, test));
      made->sha256 = checksum(*made);
      return made;
    });
    const int64_t counted = totals_[test ? 1 : 0].value_or(found->size());
    if (found->size() != counted) {
      throw ConfigError(SourceLocation{folder.string()},
                        "the files of dataset '" + traits_.name + "' changed while they were in use: counted " +
                            std::to_string(counted) + " images, now there are " + std::to_string(found->size()),
                        "leave them alone while a study runs, and run it again");
    }
    held = std::move(found);
  }
  return *held;
}

std::string ImageDataset::cache_key(const fs::path& folder, bool test) const {
  return traits_.name + "|" + folder.string() + (test ? "|test" : "|train") + fingerprint(folder);
}

int64_t ImageDataset::total(bool test) const {
  const std::scoped_lock lock(mutex_);
  return total_locked(test);
}

/// Images of the training or test files; the files are counted at the first call.
int64_t ImageDataset::total_locked(bool test) const {
  std::optional<int64_t>& known = totals_[test ? 1 : 0];
  if (!known) {
    const fs::path folder = find_folder(test);
    known = ProcessCache<int64_t>::instance().get(cache_key(folder, test), [&] { return count(folder, test); });
  }
  return *known;
}

std::map<std::string, std::string> ImageDataset::checksums() const {
  const std::scoped_lock lock(mutex_);
  std::map<std::string, std::string> out;
  if (tables_[0]) out["training files"] = tables_[0]->sha256;
  if (tables_[1]) out["test files"] = tables_[1]->sha256;
  return out;
}

const std::vector<int64_t>& ImageDataset::order() const {
  const std::scoped_lock lock(mutex_);
  if (order_.empty()) {
    const int64_t total = total_locked(false);
    order_.resize(static_cast<size_t>(total));
    for (int64_t i = 0; i < total; ++i) order_[static_cast<size_t>(i)] = i;
    Rng rng = Rng(split_seed_).fork("split");
    rng.shuffle(order_);
  }
  return order_;
}

int64_t ImageDataset::validation_size() const {
  return std::llround(validation_fraction_ * static_cast<double>(total(false)));
}

int64_t ImageDataset::size(Split split) const {
  if (split == Split::test) return total(true);
  const int64_t validation = validation_size();
  if (split == Split::validation) return validation;
  const int64_t rest = total(false) - validation;
  return std::llround(train_fraction_ * static_cast<double>(rest));
}

void ImageDataset::fill(Split split, int64_t index, const LoadContext& context, Image image) const {
  Rng rng = Rng(context.seed)
                .fork("epoch", static_cast<uint64_t>(context.epoch))
                .fork("sample", static_cast<uint64_t>(index));
  const bool training = context.training && split == Split::train;
  for (const auto& transform : transforms_) transform->apply(image, training, rng);
}

Batch ImageDataset::load(Split split, std::span<const int64_t> indices, const LoadContext& context) const {
  const ImageTable& from = table(split == Split::test);
  const std::vector<int64_t>* order = split == Split::test ? nullptr : &this->order();
  const int64_t offset = split == Split::train ? validation_size() : 0;
  const auto count = static_cast<int64_t>(indices.size());
  const int64_t pixels = from.channels * from.height * from.width;
  Batch batch{.input = at::empty({count, from.channels, from.height, from.width}, at::kFloat),
              .target = at::empty({count}, at::kLong)};
  float* input = batch.input.mutable_data_ptr<float>();
  int64_t* target = batch.target.mutable_data_ptr<int64_t>();
  for (int64_t i = 0; i < count; ++i, input += pixels) {
    const int64_t index = indices[static_cast<size_t>(i)];
    const int64_t record = order == nullptr ? index : (*order)[static_cast<size_t>(offset + index)];
    const uint8_t* source = from.pixels.data() + record * pixels;
    for (int64_t p = 0; p < pixels; ++p) input[p] = static_cast<float>(source[p]) * (1.0F / 255.0F);
    fill(split, index, context,
         {.data = {input, static_cast<size_t>(pixels)},
          .channels = from.channels,
          .height = from.height,
          .width = from.width});
    target[i] = from.labels[static_cast<size_t>(record)];
  }
  return batch;
}

}  // namespace dsnn
