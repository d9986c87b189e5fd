package main

import (
	"context"
	"fmt"
	"io"
	"strings"
)

const completionHelp = `das-local completion prints a script that completes commands and flags.

    $ das-local completion bash > /etc/bash_completion.d/das-local
    $ das-local completion zsh  > "${fpath[1]}/_das-local"
    $ das-local completion fish > ~/.config/fish/completions/das-local.fish
`

// The scripts ask the program for its flags, so that they never go stale. NAMES
// stands for the commands' names.
var completionScripts = map[string]string{
	"bash": `# bash completion for das-local
_das_local() {
    local word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]}
    if [ "$COMP_CWORD" -eq 1 ] && [[ $word != -* ]]; then
        COMPREPLY=($(compgen -W "NAMES" -- "$word"))
        return
    fi
    [[ $command == -* ]] && command=up
    if [[ $word == -* ]]; then
        COMPREPLY=($(compgen -W "$(das-local "$command" -h 2>/dev/null | sed -n 's/^  \(--[a-z-]*\).*/\1/p')" -- "$word"))
    else
        COMPREPLY=($(compgen -f -- "$word"))
    fi
}
complete -F _das_local das-local
`,
	"zsh": `#compdef das-local
_das-local() {
    local -a names flags
    names=(NAMES)
    if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then
        compadd -a names
        return
    fi
    local command=$words[2]
    [[ $command == -* ]] && command=up
    if [[ $words[CURRENT] == -* ]]; then
        flags=(${(f)"$(das-local $command -h 2>/dev/null | sed -n 's/^  \(--[a-z-]*\).*/\1/p')"})
        compadd -a flags
    else
        _files
    fi
}
compdef _das-local das-local
`,
	"fish": `# fish completion for das-local
complete -c das-local -f -n __fish_use_subcommand -a "NAMES"
function __das_local_flags
    set -l command (commandline -opc)[2]
    string match -q -- '-*' "$command"; and set command up
    das-local $command -h 2>/dev/null | string replace -r -f '^  (--[a-z-]+).*' '$1'
end
complete -c das-local -n 'not __fish_use_subcommand' -a '(__das_local_flags)'
`,
}

// completion prints a shell's completion script.
func completion(_ context.Context, args []string, std streams) error {
	fs := newFlags("completion", completionHelp, std.out)
	if err := parse(fs, args, true); err != nil {
		return err
	}
	script, ok := completionScripts[fs.Arg(0)]
	if !ok || fs.NArg() != 1 {
		return fmt.Errorf("name a shell: bash, zsh or fish: %w", errUsage)
	}
	var names []string
	for _, c := range commands() {
		names = append(names, c.name)
	}
	_, err := io.WriteString(std.out, strings.ReplaceAll(script, "NAMES", strings.Join(names, " ")))
	return err
}
