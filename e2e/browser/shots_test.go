package browser

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/chromedp/chromedp"
)

// shoot leaves a picture of the page if pictures are wanted.
func (b *tab) shoot(s screen, name string) {
	b.t.Helper()
	if *screenshots == "" {
		return
	}
	png := run(b, chromedp.FullScreenshot(100))
	path := filepath.Join(*screenshots, fmt.Sprintf("%s-%s.png", strings.ReplaceAll(name, " ", "-"), s))
	if err := os.WriteFile(path, png, 0o644); err != nil {
		b.t.Fatal(err)
	}
}
