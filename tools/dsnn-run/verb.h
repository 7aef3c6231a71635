#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/variables_map.hpp>

#include "plugin/catalog.h"

namespace dsnn::cli {

/// The options every verb takes.
struct Global {
  std::vector<std::filesystem::path> plugin_dirs;
  bool strict = false, quiet = false, log_json = false, debug = false;
  int verbosity = 0;

  /// Manifests of the search path; made at the first call.
  const plugin::Catalog& catalog() const;

 private:
  mutable std::shared_ptr<const plugin::Catalog> catalog_;
};

/// One verb of the command line. Help, completion and the man page come from what it declares here.
class Verb {
 public:
  virtual ~Verb() = default;
  virtual std::string name() const = 0;
  virtual std::string summary() const = 0;   ///< one line
  virtual std::string synopsis() const = 0;  ///< "run FILE... [options]"
  virtual std::string example() const = 0;   ///< one command line
  virtual void add_options(boost::program_options::options_description& options) const { static_cast<void>(options); }
  /// How many positional arguments: {least, most}; most -1 = any number.
  virtual std::pair<int, int> positional() const { return {0, 0}; }
  /// The exit code. Results go to stdout, all else to stderr. Throws the errors of dsnn/error.h; main prints them.
  virtual int run(const boost::program_options::variables_map& options, const std::vector<std::string>& arguments,
                  const Global& global) const = 0;
};

// One function a file, `<name>_verb.cpp`.
std::unique_ptr<Verb> make_run_verb();
std::unique_ptr<Verb> make_worker_verb();
std::unique_ptr<Verb> make_validate_verb();
std::unique_ptr<Verb> make_plan_verb();
std::unique_ptr<Verb> make_list_verb();
std::unique_ptr<Verb> make_describe_verb();
std::unique_ptr<Verb> make_doctor_verb();
std::unique_ptr<Verb> make_schema_verb();
std::unique_ptr<Verb> make_init_verb();
std::unique_ptr<Verb> make_completion_verb();
std::unique_ptr<Verb> make_status_verb();
std::unique_ptr<Verb> make_show_verb();
std::unique_ptr<Verb> make_pareto_verb();
std::unique_ptr<Verb> make_report_verb();
std::unique_ptr<Verb> make_export_verb();

}  // namespace dsnn::cli
