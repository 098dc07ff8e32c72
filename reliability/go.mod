module github.com/statordb/stator/reliability

go 1.26

require (
	github.com/anishathalye/porcupine v1.3.1
	github.com/statordb/stator v0.0.0
	github.com/stretchr/testify v1.12.1
	go.etcd.io/bbolt v1.5.0
	go.uber.org/goleak v1.3.0
)

require (
	github.com/google/btree v1.1.3 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/sys v0.45.0 // indirect
)

replace github.com/statordb/stator => ../
