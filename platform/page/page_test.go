package page_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"shop/platform/page"
)

func TestCursorComesBack(t *testing.T) {
	want := page.Cursor{Sort: "-price", Key: "1250", ID: "prod_01h455vb4pex5vsknk084sn02q"}
	got, err := page.Decode(want.Encode(), "-price")
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func TestDecodeRefuses(t *testing.T) {
	good := page.Cursor{Sort: "name", Key: "Chair", ID: "x"}.Encode()
	for name, text := range map[string]string{
		"empty": "", "not base64": "!!", "not json": "AAAA", "no identifier": "e30",
		"other sort": good, "long": strings.Repeat("A", 5000), "padding": good + "=",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := page.Decode(text, "-price")
			require.ErrorIs(t, err, page.ErrCursor)
		})
	}
}

func TestCut(t *testing.T) {
	at := func(n int) page.Cursor { return page.Cursor{ID: strings.Repeat("x", n)} }
	full := page.Cut([]int{1, 2, 3}, 2, at)
	require.Equal(t, []int{1, 2}, full.Items)
	require.Equal(t, at(2).Encode(), full.Next)
	last := page.Cut([]int{1, 2}, 2, at)
	require.Equal(t, []int{1, 2}, last.Items)
	require.Empty(t, last.Next)
}

func FuzzDecode(f *testing.F) {
	f.Add(page.Cursor{Sort: "s", Key: "k", ID: "i"}.Encode(), "s")
	f.Fuzz(func(t *testing.T, text, sort string) {
		c, err := page.Decode(text, sort)
		if err != nil {
			require.ErrorIs(t, err, page.ErrCursor)
			return
		}
		again, err := page.Decode(c.Encode(), sort)
		require.NoError(t, err)
		require.Equal(t, c, again)
	})
}
