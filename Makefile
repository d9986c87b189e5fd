.PHONY: build run
build:
	go build -o bin/das-local ./cmd/das-local
run:
	go run ./cmd/das-local up
