// Command das-local emulates Amazon Aurora's Database Activity Streams.
package main

func main() {}
