# Someone who has only the package and the book types what docs/src/first-token.md says about an app of one's own, line
# by line, and comes to a healthy token, a delivered one and a login that was clicked.
# shellcheck shell=bash

readonly FIRST_TOKEN="$project/docs/src/first-token.md"
# What a person reads and types in a minute: words and characters.
readonly READ=200 TYPED=150

comes_to_a_first_token() {
    boot
    case_ "users, Meta's certificate and a mail server are there" prepare_world
    cp "$packages"/perennial_*.deb "$root/root/"
    dpkg-deb --extract "$packages"/perennial_*.deb "$root/opt/meta"
    case_ "the simulated Meta answers" start_meta /opt/meta/usr/bin/perennial
    case_ "a healthy token, a delivered one, a clicked login, by the book" type_the_page
    case_ "which takes 15 minutes to read and type" takes_a_quarter_of_an_hour
}

of_ones_own_app() {
    awk '/^## / { inside = /With your own app/ } inside' "$FIRST_TOKEN"
}

# What is to be typed: "command" or "setting", a tab, and a line.
what_to_type() {
    of_ones_own_app | awk '
        /^```/ { kind = kind ? "" : substr($0, 4); next }
        kind == "console" && /^\$ / { print "command\t" substr($0, 3) }
        kind == "sh" { print "command\t" $0 }
        kind == "toml" { print "setting\t" $0 }'
}

type_the_page() {
    local kind line commands=0
    make_answers tokens.example.com
    while IFS=$'\t' read -r kind line; do
        if [[ "$kind" == setting ]]; then
            printf '%s\n' "$line" >>"$root/etc/perennial/perennial.toml"
            continue
        fi
        echo "\$ $line"
        commands=$((commands + 1))
        case "$line" in
        "sudo perennial setup"*) type_it setup "$line" ;;
        "sudo perennial import"*) type_it import "$line" ;;
        "sudo perennial login"*) log_in_as_it_says "$line" ;;
        "sudo runuser -u chatbot"*) eventually type_it nothing "$line" ;;
        *) type_it nothing "$line" ;;
        esac
    done < <(what_to_type)
    ((commands >= 8)) || { echo "only $commands commands were found in $FIRST_TOKEN"; return 1; }
    all_healthy 3
    is_delivered
}

# The command waits for the person, who opens the link that it prints.
log_in_as_it_says() {
    local said="$scratch/login" waits
    type_it nothing "$1" >"$said" 2>&1 &
    waits=$!
    eventually grep --quiet /login/ "$said"
    click "$(grep --only-matching --max-count=1 'https://tokens\.example\.com/login/[^[:space:]]*' "$said")"
    wait "$waits"
    cat "$said"
    grep --quiet "logged in" "$said"
}

# Maria, in a browser: Continue, and at Meta all pages and permissions.
click() {
    local dialog callback
    inside curl --silent --show-error --fail "$1" | grep --quiet "<form"
    dialog="$(inside curl --silent --show-error --request POST --write-out '%{redirect_url}' --output /dev/null "$1")"
    [[ -n "$dialog" ]] || { why_no_dialog "$1"; return 1; }
    callback="$(inside curl --silent --show-error --write-out '%{redirect_url}' --output /dev/null "$dialog" \
        --data person=3000 --data page=2000 --data page=2001 --data scope=pages_show_list --data scope=pages_messaging \
        --data answer=allow)"
    inside curl --silent --show-error --fail --location "$callback" | grep '<h1>'
}

why_no_dialog() {
    echo "the link led to no dialog:"
    inside curl --silent --show-error --include --request POST "$1" || true
    inside journalctl --no-pager --unit perennial --lines 20
}

# The program of another user has the version that the login gave.
is_delivered() {
    eventually says '"version":2' inside perennial deliveries --json
    [[ "$(as chatbot cat /run/perennial/tokens/acme-maria)" == "$(inside perennial get acme-maria)" ]]
}

takes_a_quarter_of_an_hour() {
    local words characters minutes
    words="$(of_ones_own_app | wc -w)"
    characters="$(what_to_type | wc -m)"
    minutes=$(((words + READ - 1) / READ + (characters + TYPED - 1) / TYPED))
    echo "$words words to read, $characters characters to type: $minutes minutes"
    ((minutes <= 15))
}
