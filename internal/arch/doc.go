// Package arch owns the law of the house and the tests that enforce it: imports
// only go down, every refusal has one name, every package and exported name has
// a comment, dependencies are listed with a reason. It knows the source text
// only; what the program does is tested beside the code that does it.
package arch
