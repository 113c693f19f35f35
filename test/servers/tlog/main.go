// Checks logs with what others wrote for them: golang.org/x/mod/sumdb/note, transparency-dev's merkle and tessera.
//
//	tlog note VKEY-FILE NOTE-FILE    opens a signed note and prints its text
//	tlog fsck VKEY-FILE URL          as tessera's cmd/fsck, which ends with 0 whatever it finds
//	tlog proof VKEY-FILE PROOF-FILE  checks a C2SP tlog-proof and prints the entry that is its extra data
//
// Ends with 1, and says why, for what is not right.
package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"golang.org/x/mod/sumdb/note"
)

// Each worker of fsck ends at its first bad tile, and with none left it waits for ever: so there are more of them
// than one bad entry makes bad tiles, and an end.
const (
	workers     = 16
	giveUpAfter = time.Minute
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: tlog note|fsck|proof VKEY-FILE WHAT")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		// What fsck says of a tile has all its hashes in it.
		fmt.Fprintf(os.Stderr, "%.500s\n", err)
		os.Exit(1)
	}
}

func run(command, keyFile, what string) error {
	key, err := os.ReadFile(keyFile)
	if err != nil {
		return err
	}
	verifier, err := note.NewVerifier(strings.TrimSpace(string(key)))
	if err != nil {
		return err
	}
	switch command {
	case "note":
		return openNote(verifier, what)
	case "fsck":
		return check(verifier, what)
	case "proof":
		return checkProof(verifier, what)
	}
	return fmt.Errorf("unknown command %q", command)
}

func openNote(verifier note.Verifier, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	opened, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		return err
	}
	fmt.Print(opened.Text)
	return nil
}

func check(verifier note.Verifier, address string) error {
	parsed, err := url.Parse(address)
	if err != nil {
		return err
	}
	source, err := client.NewHTTPFetcher(parsed, http.DefaultClient)
	if err != nil {
		return err
	}
	if token := os.Getenv("TLOG_TOKEN"); token != "" {
		source.SetAuthorizationHeader("Bearer " + token)
	}
	ctx, stop := context.WithTimeout(context.Background(), giveUpAfter)
	defer stop()
	found := make(chan error, 1)
	go func() {
		found <- fsck.New(verifier.Name(), verifier, source, leafHashes, fsck.Opts{N: workers}).Check(ctx)
	}()
	select {
	case err := <-found:
		return err
	case <-time.After(giveUpAfter):
		return fmt.Errorf("no verdict within %s", giveUpAfter)
	}
}

func leafHashes(bundle []byte) ([][]byte, error) {
	entries := &api.EntryBundle{}
	if err := entries.UnmarshalText(bundle); err != nil {
		return nil, err
	}
	hashes := make([][]byte, 0, len(entries.Entries))
	for _, entry := range entries.Entries {
		hashes = append(hashes, rfc6962.DefaultHasher.HashLeaf(entry))
	}
	return hashes, nil
}
