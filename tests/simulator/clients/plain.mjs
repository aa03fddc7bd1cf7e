// One conversation of the openai package with a server: node plain.mjs PORT CONVERSATION AUDIO
import OpenAI from 'openai';
import { OpenAIRealtimeWS } from 'openai/realtime/ws';
import fs from 'node:fs';
import net from 'node:net';

const [port, conversation, file] = process.argv.slice(2);
const raw = fs.readFileSync(file);
const found = { audio: 0, tools: 0, interrupted: 0, errors: [], kinds: {} };
const client = new OpenAI({ apiKey: 'any', baseURL: 'http://127.0.0.1/v1' });
const last = {};
let rt;

async function open() {
  rt = new OpenAIRealtimeWS({
    model: 'gpt-realtime-2.1',
    // It speaks TLS only, unless it is given a connection.
    options: { createConnection: () => net.connect(Number(port), '127.0.0.1') },
  }, client);
  rt.on('event', (e) => {
    found.kinds[e.type] = (found.kinds[e.type] || 0) + 1;
    last[e.type] = e;
    if (e.type === 'response.output_audio.delta') found.audio++;
  });
  rt.on('error', (e) => found.errors.push(String(e.error?.code ?? e.message)));
  rt.isClosed = false;
  rt.socket.on('close', () => { rt.isClosed = true; });
  await new Promise((resolve) => rt.socket.on('open', resolve));
}

const seen = (kind) => found.kinds[kind] || 0;
async function until(isSo, what) {
  const giveUp = Date.now() + 15000;
  while (!isSo()) {
    if (Date.now() > giveUp) { found.errors.push(`never: ${what}`); finish(); }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
const replies = (count) => until(() => seen('response.done') >= count, `${count} replies`);
function finish() { console.log(JSON.stringify(found)); process.exit(0); }
const configure = (session) => rt.send({ type: 'session.update', session: { type: 'realtime', ...session } });
function say() {
  for (let at = 0; at < raw.length; at += 960) {
    const audio = raw.subarray(at, at + 960).toString('base64');
    rt.send({ type: 'input_audio_buffer.append', audio });
  }
}
function greet() {
  const content = [{ type: 'input_text', text: 'Greet the caller.' }];
  rt.send({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content } });
  rt.send({ type: 'response.create' });
}

await open();
if (conversation === 'greeting') {
  greet();
  await replies(1);
} else if (conversation === 'vad') {
  say();
  await replies(1);
} else if (conversation === 'manual') {
  configure({ audio: { input: { turn_detection: null } } });
  say();
  rt.send({ type: 'input_audio_buffer.commit' });
  rt.send({ type: 'response.create' });
  await replies(1);
} else if (conversation === 'tool') {
  const parameters = { type: 'object', properties: { city: { type: 'string' } } };
  configure({ tools: [{ type: 'function', name: 'look_up', parameters }] });
  greet();
  await until(() => seen('response.function_call_arguments.done') > 0, 'a call');
  found.tools++;
  await replies(1);
  const { call_id } = last['response.function_call_arguments.done'];
  rt.send({ type: 'conversation.item.create', item: { type: 'function_call_output', call_id, output: 'rain' } });
  rt.send({ type: 'response.create' });
  await replies(2);
} else if (conversation === 'barge_in') {
  say();
  await until(() => found.audio > 2, 'audio');
  say();
  const { item_id } = last['response.output_audio.delta'];
  await until(() => seen('input_audio_buffer.speech_started') > 1, 'an interruption');
  found.interrupted++;
  rt.send({ type: 'conversation.item.truncate', item_id, content_index: 0, audio_end_ms: 100 });
  await until(() => seen('conversation.item.truncated') > 0, 'truncated');
  await replies(2);
} else if (conversation === 'expiry') {
  await until(() => rt.isClosed, 'the end of the session');
  found.errors = found.errors.filter((code) => code !== 'session_expired');
  await open();
  greet();
  await replies(1);
}
finish();
