package sfdx

import (
	"cmp"
	"slices"
)

// With is the project as it is once a patch is written; p stays as it is. It lets a
// caller judge what a patch leads to before any file is touched.
func (p *Project) With(diffs []FileDiff) *Project {
	files := p.copy().Files
	for _, d := range diffs {
		f := &File{}
		if i := slices.IndexFunc(files, func(f *File) bool { return f.Path == d.Path }); i >= 0 {
			f = files[i]
		} else {
			*f, _ = recognise(d.Path)
			files = append(files, f)
		}
		f.load(d.After)
	}
	slices.SortFunc(files, func(a, b *File) int { return cmp.Compare(a.Path, b.Path) })
	return assemble(files, p.Manifests)
}
