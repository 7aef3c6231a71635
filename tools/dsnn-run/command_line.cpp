#include "command_line.h"

#include <algorithm>
#include <boost/program_options/errors.hpp>
#include <boost/program_options/parsers.hpp>
#include <boost/program_options/value_semantic.hpp>
#include <sstream>

#include "config/did_you_mean.h"
#include "dsnn/error.h"
#include "verbs.h"

namespace dsnn::cli {

namespace po = boost::program_options;

namespace {

constexpr int kUsage = 2;
constexpr unsigned kLineWidth = 118, kDescriptionWidth = 70;

po::options_description options_of(const Verb& verb) {
  po::options_description options("Options", kLineWidth, kDescriptionWidth);
  verb.add_options(options);
  return options;
}

/// One of the options without a value; false when `word` is none.
bool take_flag(const std::string& word, CommandLine& line) {
  if (word == "--help" || word == "-h") return line.help = true;
  if (word == "--version") return line.version = true;
  if (word == "--strict") return line.global.strict = true;
  if (word == "--quiet") return line.global.quiet = true;
  if (word == "--log-json") return line.global.log_json = true;
  if (word == "--debug") return line.global.debug = true;
  if (word != "-v" && word != "-vv") return false;
  line.global.verbosity += static_cast<int>(word.size()) - 1;
  return true;
}

/// "--plugin-dir DIR" or "--plugin-dir=DIR" at `i`, which moves on to the last word taken.
bool take_plugin_dir(const std::vector<std::string>& words, size_t& i, CommandLine& line) {
  constexpr std::string_view name = "--plugin-dir";
  if (!words[i].starts_with(name)) return false;
  std::string folder;
  if (words[i].size() == name.size()) {
    if (i + 1 == words.size()) throw ExitError(kUsage, "option '--plugin-dir' needs a folder");
    folder = words[++i];
  } else if (words[i][name.size()] == '=') {
    folder = words[i].substr(name.size() + 1);
  } else {
    return false;
  }
  if (folder.empty()) throw ExitError(kUsage, "option '--plugin-dir' needs a folder");
  line.global.plugin_dirs.emplace_back(folder);
  return true;
}

std::vector<std::string> option_names(const po::options_description& options) {
  std::vector<std::string> names;
  for (const auto& option : options.options()) names.push_back("--" + option->long_name());
  const po::options_description global = global_options();
  for (const auto& option : global.options()) names.push_back("--" + option->long_name());
  return names;
}

std::string see(const Verb& verb) { return "; see: dsnn-run " + verb.name() + " --help"; }

po::parsed_options parse(const Verb& verb, const po::options_description& options,
                         const std::vector<std::string>& words) {
  using namespace po::command_line_style;
  try {
    return po::command_line_parser(words).options(options).style(unix_style & ~allow_guessing).run();
  } catch (const po::unknown_option& e) {
    const std::string name = e.get_option_name();
    const auto nearest = config::did_you_mean(name, option_names(options));
    throw ExitError(kUsage, "unknown option '" + name + "' of '" + verb.name() + "'" +
                                (nearest ? "; did you mean '" + *nearest + "'?" : see(verb)));
  } catch (const po::error& e) {
    throw ExitError(kUsage, std::string(e.what()) + see(verb));
  }
}

void check_count(const Verb& verb, const std::vector<std::string>& positional) {
  const auto [least, most] = verb.positional();
  const auto count = static_cast<int>(positional.size());
  if (count < least) throw ExitError(kUsage, "'" + verb.name() + "' needs more words: dsnn-run " + verb.synopsis());
  if (most >= 0 && count > most) {
    throw ExitError(
        kUsage, "'" + positional[static_cast<size_t>(most)] + "' is one word too many: dsnn-run " + verb.synopsis());
  }
}

std::string padded(std::string_view text, size_t width) {
  return std::string(text) + std::string(text.size() < width ? width - text.size() : 1, ' ');
}

}  // namespace

const plugin::Catalog& Global::catalog() const {
  if (!catalog_) catalog_ = std::make_shared<const plugin::Catalog>(plugin::Catalog::search_path(plugin_dirs));
  return *catalog_;
}

po::options_description global_options() {
  po::options_description options("Global options", kLineWidth, kDescriptionWidth);
  options.add_options()("plugin-dir", po::value<std::string>()->value_name("DIR"),
                        "also look for plugins here; may be repeated")(
      "strict", "exit 1 when a trial failed or an expectation was missed")("quiet", "warnings and errors only")(
      "verbose,v", "more; -vv adds times")("log-json", "log lines as JSON objects")(
      "debug", "all messages; an internal error ends with a core dump instead of a sentence")("help,h", "this text");
  return options;
}

CommandLine read_command_line(const std::vector<std::string>& words) {
  CommandLine line;
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--") {
      line.rest.insert(line.rest.end(), words.begin() + static_cast<std::ptrdiff_t>(i), words.end());
      break;
    }
    if (words[i] == "--verbose") {
      ++line.global.verbosity;
    } else if (take_flag(words[i], line) || take_plugin_dir(words, i, line)) {
      continue;
    } else if (line.verb.empty() && !words[i].starts_with("-")) {
      line.verb = words[i];
    } else if (line.verb.empty()) {
      const auto nearest = config::did_you_mean(words[i], option_names(po::options_description()));
      throw ExitError(kUsage, "unknown option '" + words[i] + "'" +
                                  (nearest ? "; did you mean '" + *nearest + "'?" : "; see: dsnn-run --help"));
    } else {
      line.rest.push_back(words[i]);
    }
  }
  return line;
}

VerbArguments parse_arguments(const Verb& verb, const std::vector<std::string>& words) {
  const po::options_description options = options_of(verb);
  const po::parsed_options parsed = parse(verb, options, words);
  VerbArguments out;
  for (const po::option& option : parsed.options) {
    if (option.position_key >= 0) out.positional.insert(out.positional.end(), option.value.begin(), option.value.end());
  }
  try {
    po::store(parsed, out.options);
    po::notify(out.options);
  } catch (const po::error& e) {
    throw ExitError(kUsage, std::string(e.what()) + see(verb));
  }
  check_count(verb, out.positional);
  return out;
}

std::string general_help() {
  std::string out =
      "dsnn-run: multiplication-free neural networks, trained and searched from one YAML file\n\n"
      "Usage: dsnn-run VERB [words] [options]; dsnn-run VERB --help tells more\n\nVerbs:\n";
  for (const auto& verb : make_verbs()) out += "  " + padded(verb->name(), 12) + verb->summary() + "\n";
  out += "\nNot in this build yet:";
  for (const LaterVerb& later : later_verbs()) out += " " + std::string(later.name);
  std::ostringstream options;
  options << global_options();
  out += "\n\n" + options.str();
  out +=
      "\nExit codes: 0 done · 1 nothing succeeded, or --strict · 2 usage · 65 bad config or data · 69 store "
      "unreachable ·\n"
      "  70 internal error · 73 cannot create output · 74 disk full or I/O · 75 interrupted, resumable · 77 refused "
      "(trust) ·\n"
      "  78 refused by a safety limit\n"
      "Environment: DSNN_PLUGIN_PATH DSNN_DATA DSNN_BUILD_DIR DSNN_TORCH_DIR DSNN_GOLDEN DSNN_ISA NO_COLOR\n"
      "\nExample: dsnn-run run experiments/quickstart.yaml\n";
  return out;
}

std::string verb_help(const Verb& verb) {
  std::ostringstream out;
  out << "dsnn-run " << verb.synopsis() << "\n  " << verb.summary() << "\n\n";
  const po::options_description options = options_of(verb);
  if (!options.options().empty()) out << options << "\n";
  out << global_options() << "\nExample: " << verb.example() << "\n";
  return out.str();
}

}  // namespace dsnn::cli
