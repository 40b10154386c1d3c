// An analyzer for Weir: registers, takes batches, counts messages, drops duplicates by id, leaves on SIGTERM.
// go run counter.go ID PORT http://NODE:8081 [WEIGHT], with the token for registering in WEIR_REGISTER_TOKEN
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

var (
	lock  sync.Mutex                   // guards stats and seen
	seen  = [2]map[string]bool{{}, {}} // ids of the last packets, 50000 to 100000 of them
	stats struct{ Packets, Messages, Duplicates, Refused int }
	lease struct{ Instance string }
)

// What you want to do with a packet. Its status: 2xx it is done, 4xx it can never be, 503 not now.
func analyze(fields map[string]any) int {
	if _, bad := fields["refuse"]; bad {
		stats.Refused++
		return 422
	}
	stats.Packets, stats.Messages = stats.Packets+1, stats.Messages+1
	if messages, isList := fields["messages"].([]any); isList {
		stats.Messages += len(messages) - 1
	}
	return 200
}

// A packet may come twice, because deliveries may break after the analyzer has taken them.
func take(packet any) int {
	fields, _ := packet.(map[string]any)
	id, hasID := fields["id"].(string)
	if seen[0][id] || seen[1][id] {
		stats.Duplicates++
		return 200
	}
	status := analyze(fields)
	if seen[0][id] = hasID && status < 300; len(seen[0]) >= 50000 {
		seen[0], seen[1] = map[string]bool{}, seen[0]
	}
	return status
}
func serve(w http.ResponseWriter, r *http.Request) {
	packets, results := []any{}, []any{}
	err := json.NewDecoder(r.Body).Decode(&packets)
	lock.Lock()
	defer lock.Unlock()
	for _, packet := range packets {
		results = append(results, map[string]int{"status": take(packet)})
	}
	w.Header().Set("Content-Type", "application/json")
	if err == nil {
		json.NewEncoder(w).Encode(map[string]any{"results": results})
	} else { // GET /health, which nodes probe, and /stats
		fmt.Fprintf(w, `{"packets":%d,"messages":%d,"duplicates":%d,"refused":%d}`, stats.Packets, stats.Messages, stats.Duplicates, stats.Refused)
	}
}
func processed() int { lock.Lock(); defer lock.Unlock(); return stats.Messages }

// Registers, tells that it is alive, or leaves. The status of what the node answers, 0: nothing.
func call(method, path string) int {
	body := fmt.Sprintf(`{"instance":%q,"processed":%d}`, lease.Instance, processed())
	if method == "PUT" {
		body = fmt.Sprintf(`{"url":"http://127.0.0.1:%s/ingest","weight":%s}`, os.Args[2], append(os.Args, "1")[4])
	}
	request, _ := http.NewRequest(method, os.Args[3]+"/v1/analyzers/"+os.Args[1]+path, bytes.NewBufferString(body))
	request.Header.Set("Authorization", "Bearer "+os.Getenv("WEIR_REGISTER_TOKEN"))
	if response, err := (&http.Client{Timeout: 2 * time.Second}).Do(request); err == nil {
		defer response.Body.Close()
		json.NewDecoder(response.Body).Decode(&lease)
		return response.StatusCode
	}
	return 0
}
func keep() {
	for ; ; time.Sleep(3 * time.Second) {
		if status := call("POST", "/heartbeat"); status == 409 {
			panic("another process has the id")
		} else if status/100 == 4 { // it is not registered yet, or the pool has forgotten it
			call("PUT", "")
		}
	}
}
func main() {
	leaving := make(chan os.Signal, 1)
	signal.Notify(leaving, syscall.SIGTERM)
	go func() { panic(http.ListenAndServe("127.0.0.1:"+os.Args[2], http.HandlerFunc(serve))) }()
	go keep()
	<-leaving
	call("DELETE", "")
	time.Sleep(time.Second) // what is on its way still comes
}
