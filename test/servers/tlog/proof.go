package main

import (
	"encoding/base64"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/transparency-dev/formats/log"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
)

// checkProof reads a file by the text of C2SP tlog-proof: a header, lines of the proof, and the checkpoint after an
// empty line. Nobody's package reads that format yet; what proves anything below is others'.
func checkProof(verifier note.Verifier, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	head, signed, found := strings.Cut(string(text), "\n\n")
	lines := strings.Split(head, "\n")
	if !found || len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return fmt.Errorf("not a tlog-proof")
	}
	extra, isThere := strings.CutPrefix(lines[1], "extra ")
	if !isThere || len(lines) < 3 {
		return fmt.Errorf("a tlog-proof without the entry")
	}
	entry, err := base64.StdEncoding.Strict().DecodeString(extra)
	if err != nil {
		return err
	}
	number, isThere := strings.CutPrefix(lines[2], "index ")
	if !isThere {
		return fmt.Errorf("a tlog-proof without an index")
	}
	index, err := strconv.ParseUint(number, 10, 64)
	if err != nil {
		return err
	}
	var hashes [][]byte
	for _, line := range lines[3:] {
		hash, err := base64.StdEncoding.Strict().DecodeString(line)
		if err != nil {
			return err
		}
		hashes = append(hashes, hash)
	}
	checkpoint, _, _, err := log.ParseCheckpoint([]byte(signed), verifier.Name(), verifier)
	if err != nil {
		return err
	}
	leaf := rfc6962.DefaultHasher.HashLeaf(entry)
	if err := proof.VerifyInclusion(rfc6962.DefaultHasher, index, checkpoint.Size, leaf, hashes, checkpoint.Hash); err != nil {
		return err
	}
	fmt.Println(string(entry))
	return nil
}
