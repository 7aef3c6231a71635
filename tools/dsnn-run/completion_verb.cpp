#include <iostream>

#include "dsnn/error.h"
#include "verbs.h"

namespace dsnn::cli {
namespace {

std::string long_options(const boost::program_options::options_description& options) {
  std::string text;
  for (const auto& option : options.options()) text += " --" + option->long_name();
  return text;
}

/// Verbs and options are written out; kinds, components and files are asked for when TAB is pressed.
std::string bash_script() {
  std::string verbs, cases;
  for (const auto& verb : make_verbs()) {
    verbs += " " + verb->name();
    boost::program_options::options_description options;
    verb->add_options(options);
    if (const std::string own = long_options(options); !own.empty())
      cases += "    " + verb->name() + ") options+=\"" + own + "\" ;;\n";
  }
  std::string kinds;
  for (const std::string_view kind : kKindNames) kinds += " " + std::string(kind);
  return "# bash completion of dsnn-run; use it with: source <(dsnn-run completion bash)\n"
         "_dsnn_run() {\n"
         "  local word=${COMP_WORDS[COMP_CWORD]} verb=\"\" i options=\"" +
         long_options(global_options()) +
         "\"\n"
         "  for ((i = 1; i < COMP_CWORD; ++i)); do\n"
         "    if [[ ${COMP_WORDS[i]} == --plugin-dir ]]; then ((++i)); continue; fi\n"
         "    if [[ ${COMP_WORDS[i]} != -* ]]; then verb=${COMP_WORDS[i]}; break; fi\n"
         "  done\n"
         "  case $verb in\n" +
         cases +
         "  esac\n"
         "  if [[ $word == -* ]]; then\n"
         "    COMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n"
         "  elif [[ -z $verb ]]; then\n"
         "    COMPREPLY=($(compgen -W \"" +
         verbs.substr(1) +
         "\" -- \"$word\"))\n"
         "  elif [[ $verb == list || $verb == describe || $verb == init ]] && ((COMP_CWORD == i + 1)); then\n"
         "    COMPREPLY=($(compgen -W \"" +
         kinds.substr(1) +
         "\" -- \"$word\"))\n"
         "  elif [[ $verb == describe ]] && ((COMP_CWORD == i + 2)); then\n"
         "    COMPREPLY=($(compgen -W \"$(\"${COMP_WORDS[0]}\" list \"${COMP_WORDS[i + 1]}\" 2>/dev/null | sed -n 's/^ "
         " \\([^ ]*\\).*/\\1/p')\" -- \"$word\"))\n"
         "  elif [[ $verb == completion ]]; then\n"
         "    COMPREPLY=($(compgen -W \"bash\" -- \"$word\"))\n"
         "  else\n"
         "    COMPREPLY=($(compgen -f -- \"$word\"))\n"
         "  fi\n"
         "}\n"
         "complete -o filenames -o bashdefault -F _dsnn_run dsnn-run\n";
}

class CompletionVerb : public Verb {
 public:
  std::string name() const override { return "completion"; }
  std::string summary() const override { return "shell completion: source <(dsnn-run completion bash)"; }
  std::string synopsis() const override { return "completion bash"; }
  std::string example() const override { return "source <(dsnn-run completion bash)"; }
  std::pair<int, int> positional() const override { return {1, 1}; }

  int run(const boost::program_options::variables_map&, const std::vector<std::string>& arguments,
          const Global&) const override {
    if (arguments[0] == "zsh" || arguments[0] == "fish")
      throw ExitError(2, "this build has no completion for " + arguments[0] + " yet; it has bash");
    if (arguments[0] != "bash") throw ExitError(2, "no shell '" + arguments[0] + "'; this build completes in bash");
    std::cout << bash_script();
    return 0;
  }
};

}  // namespace

std::unique_ptr<Verb> make_completion_verb() { return std::make_unique<CompletionVerb>(); }

}  // namespace dsnn::cli
