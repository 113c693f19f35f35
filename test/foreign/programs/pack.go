// Packs a folder with Go's archive/tar: pack <format> <folder> <archive>.
package main

import (
	"archive/tar"
	"compress/gzip"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

func main() {
	formats := map[string]tar.Format{"pax": tar.FormatPAX, "gnu": tar.FormatGNU, "unset": tar.FormatUnknown}
	folder := os.Args[2]
	out, err := os.Create(os.Args[3])
	check(err)
	zipped := gzip.NewWriter(out)
	archive := tar.NewWriter(zipped)
	check(filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		check(err)
		info, err := entry.Info()
		check(err)
		target := ""
		if info.Mode()&fs.ModeSymlink != 0 {
			target, err = os.Readlink(path)
			check(err)
		}
		header, err := tar.FileInfoHeader(info, target)
		check(err)
		name, err := filepath.Rel(folder, path)
		check(err)
		header.Name = name
		if info.IsDir() {
			header.Name += "/"
		}
		header.Format = formats[os.Args[1]]
		check(archive.WriteHeader(header))
		if info.Mode().IsRegular() {
			file, err := os.Open(path)
			check(err)
			_, err = io.Copy(archive, file)
			check(err)
			check(file.Close())
		}
		return nil
	}))
	check(archive.Close())
	check(zipped.Close())
	check(out.Close())
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
