// Calls Meta with a token that Perennial keeps, and gets it again when Meta says that it is no longer valid.
//
// Usage: go run client.go NAME    reads paths such as me?fields=name, one a line, and prints Meta's answers
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"
)

var socket = flag.String("socket", "/run/perennial/perennial.sock", "where Perennial listens")
var graph = flag.String("graph", "https://graph.facebook.com/v25.0", "where Meta does")
var meta = http.Client{Timeout: 30 * time.Second}
var perennial = http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DialContext: dial}}

func dial(ctx context.Context, _, _ string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, "unix", *socket)
}

func get(client *http.Client, url string, secret any) (body map[string]any) {
	request, _ := http.NewRequest("GET", url, nil)
	// In a header, because addresses end up in logs.
	request.Header.Set("Authorization", fmt.Sprint("Bearer ", secret))
	answer, err := client.Do(request)
	if err == nil {
		defer answer.Body.Close()
		err = json.NewDecoder(answer.Body).Decode(&body)
	}
	if err != nil || body["detail"] != nil {
		log.Fatal(err, body["detail"])
	}
	return body
}

func main() {
	flag.Parse()
	path := "http://localhost/v1/tokens/" + url.PathEscape(flag.Arg(0)) + "/secret"
	token := get(&perennial, path, "")
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		answer := get(&meta, *graph+"/"+lines.Text(), token["access_token"])
		// An invalid token is fetched again, once, and only a newer version is tried.
		if failure, _ := answer["error"].(map[string]any); failure["code"] == 190.0 {
			known := token["version"]
			if token = get(&perennial, path, ""); token["version"] != known {
				answer = get(&meta, *graph+"/"+lines.Text(), token["access_token"])
			}
		}
		json.NewEncoder(os.Stdout).Encode(answer)
	}
}
