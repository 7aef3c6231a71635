#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "verb.h"

namespace dsnn::cli {

/// What the words of a command line say.
struct CommandLine {
  std::string verb;  ///< "" = none was given
  bool help = false, version = false;
  Global global;
  std::vector<std::string> rest;  ///< words of the verb, global options taken out
};

/// Takes the global options out, wherever they stand, and finds the verb: the first word that is no option. Words after
/// "--" are left alone. Throws ExitError 2.
CommandLine read_command_line(const std::vector<std::string>& words);

/// Options and positional words of one verb.
struct VerbArguments {
  boost::program_options::variables_map options;
  std::vector<std::string> positional;
};

/// Parses and checks the words of a verb; long options are never abbreviated. Throws ExitError 2 with did-you-mean.
VerbArguments parse_arguments(const Verb& verb, const std::vector<std::string>& words);

/// `dsnn-run --help` and `dsnn-run VERB --help`.
std::string general_help();
std::string verb_help(const Verb& verb);

}  // namespace dsnn::cli
