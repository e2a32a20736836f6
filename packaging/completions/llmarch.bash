# Completion of llmarch for bash. The program itself says what can stand for a word; where it says
# nothing, bash completes the name of a file.
_llmarch() {
  local IFS=$'\n'
  # shellcheck disable=SC2207  # one candidate a line
  COMPREPLY=($(llmarch complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _llmarch llmarch
