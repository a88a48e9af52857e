// Package sfdx owns Salesforce project metadata: External Client Apps, Connected
// Apps and the org settings around them, in source format (Foo.eca-meta.xml) and
// in metadata format (Foo.eca).
//
// It reads files into one neutral model (Read), checks them (Project.Check), says
// what they mean in the words of the control catalogue (App.Values, Org.Values),
// changes single values without touching anything else in a file (Project.Patch)
// and writes apps as new files (Write). Inverted and renamed flags are translated
// here and nowhere else: isConsumerSecretOptional false is SecretForCode true.
//
// It does not judge controls, store apps, or touch a disk: it reads an fs.FS and
// returns bytes.
package sfdx
