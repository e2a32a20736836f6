# Completion of llmarch for fish. The program itself says what can stand for a word, beside the
# names of files.
function __llmarch_candidates
    set -l words (commandline -opc) (commandline -ct)
    llmarch complete -- $words[2..-1] 2>/dev/null
end
complete -c llmarch -a '(__llmarch_candidates)'
