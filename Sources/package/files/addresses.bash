
# bash splits a word at each colon, also within a URL; this function joins the pieces again. bash keeps the text up to
# the last colon of the word on the line, so that text is removed from the completions.
_keyfob_with_addresses() {
    local rest=$COMP_LINE gap word before
    local -a joined=()
    local -i index at=0
    for index in "${!COMP_WORDS[@]}"; do
        word=${COMP_WORDS[index]}
        gap=${rest%%[![:space:]]*}
        rest=${rest#"$gap"}
        rest=${rest#"$word"}
        if [[ -z $gap && ${#joined[@]} -gt 0 && ($word == :* || ${joined[-1]} == *:) ]]; then
            joined[-1]+=$word
        else
            joined+=("$word")
        fi
        ((index != COMP_CWORD)) || at=$((${#joined[@]} - 1))
    done
    COMP_WORDS=("${joined[@]}")
    COMP_CWORD=$at
    word=${joined[at]}
    _keyfob "$1" "$word" "${joined[at > 0 ? at - 1 : 0]}"
    before=${word%"${word##*:}"}
    [[ $COMP_WORDBREAKS != *:* ]] || COMPREPLY=("${COMPREPLY[@]#"$before"}")
}
complete -F _keyfob_with_addresses keyfob
